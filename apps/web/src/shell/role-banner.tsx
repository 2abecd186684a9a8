import { Tooltip } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useNode } from '../api/node.ts';
import classes from './role-banner.module.css';

/** Says on every page, in a fixed colour, whether this node keeps originals or copies. */
export function RoleBanner() {
  const { t } = useTranslation();
  const { data: node } = useNode();
  if (!node) return null;
  const role = node.slave ? (node.master ? 'both' : 'slave') : node.master ? 'master' : 'alone';
  const words = { both: 'shell.masterAndSlave', slave: 'shell.slave', master: 'shell.master', alone: 'shell.alone' } as const;
  const hints = [node.master && t('shell.masterHint'), node.slave && t('shell.slaveHint')].filter((hint) => hint !== false);
  const mark = (
    <span className={classes.banner} data-role={role}>
      {t(words[role])}
    </span>
  );
  return hints.length === 0 ? mark : <Tooltip label={hints.join(' ')}>{mark}</Tooltip>;
}
