import { Name } from './name.tsx';
import classes from './list-name.module.css';

/** A watch list's name with its colour. */
export function ListName({ name, color }: { name: string; color: string }) {
  return (
    <span className={classes.name}>
      <span className={classes.dot} style={{ backgroundColor: color === '' ? undefined : color }} aria-hidden />
      <Name>{name}</Name>
    </span>
  );
}
