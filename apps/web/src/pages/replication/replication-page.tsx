export function ReplicationPage() {
  return null;
}
