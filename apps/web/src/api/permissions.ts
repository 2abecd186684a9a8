import { useNode } from './node.ts';
import { useMay } from './session.ts';

/** Whether the person may make and change dossiers here: on a slave nobody may. */
export function useMayEditDossiers(): boolean {
  const operator = useMay('operator');
  const { data: node } = useNode();
  return operator && node !== undefined && !node.slave;
}
