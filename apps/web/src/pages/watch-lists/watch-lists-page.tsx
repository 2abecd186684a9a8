export function WatchListsPage() {
  return null;
}
