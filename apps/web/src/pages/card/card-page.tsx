import { Button, Group } from '@mantine/core';
import { IconArrowLeft, IconPrinter } from '@tabler/icons-react';
import { useParams, useRouter } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { valueOf, wordsFor } from '@dossier/domain/declaration.ts';
import { shownLines, shownText } from '@dossier/domain/shown-text.ts';
import type { Dossier } from '@dossier/protocol/dossier.ts';
import type { WatchList } from '@dossier/protocol/watch-list.ts';
import { useDossier } from '../../api/dossiers.ts';
import { useNode } from '../../api/node.ts';
import { photoAddress } from '../../api/photos.ts';
import { useSession } from '../../api/session.ts';
import { useWatchLists } from '../../api/watch-lists.ts';
import { Loaded } from '../../components/loaded.tsx';
import { Name } from '../../components/name.tsx';
import { useWriting } from '../../format/moments.ts';
import { DeclaredValue } from '../dossiers/declared-value.tsx';
import { fieldsOf, labelOf } from '../dossiers/declared.ts';
import classes from './card.module.css';

/** One dossier on a sheet of paper. */
export function CardPage() {
  const { t } = useTranslation();
  const { id } = useParams({ from: '/dossiers/$id/card' });
  const router = useRouter();
  const query = useDossier(Number(id));
  const name = query.data?.value.name;
  useEffect(() => {
    if (name !== undefined) document.title = t('card.title', { name: shownText(name) });
  }, [name, t]);
  return (
    <>
      <Group className={classes.actions ?? ''} gap="xs" mb="md">
        <Button variant="default" leftSection={<IconArrowLeft size={18} aria-hidden />} onClick={() => router.history.back()}>
          {t('common.back')}
        </Button>
        <Button leftSection={<IconPrinter size={18} aria-hidden />} onClick={() => window.print()} disabled={name === undefined}>
          {t('card.print')}
        </Button>
      </Group>
      <Loaded query={query}>{(found) => <Card dossier={found.value} readAt={query.dataUpdatedAt} />}</Loaded>
    </>
  );
}

function Card({ dossier, readAt }: { dossier: Dossier; readAt: number }) {
  const { t, i18n } = useTranslation();
  const lists = useWatchLists();
  const inLists = (lists.data ?? []).filter(({ id }) => dossier.dossier_lists.includes(id));
  const fields = shownFields(dossier.meta, inLists, i18n.language);
  return (
    <article className={classes.card}>
      <header className={classes.head}>
        <Face dossier={dossier} />
        <div>
          <h1 className={classes.name}>
            <Name>{dossier.name}</Name>
          </h1>
          {!dossier.active && <p className={classes.warning}>{t('card.inactive')}</p>}
          <Facts dossier={dossier} />
        </div>
      </header>
      {inLists.map((list) => (
        <AtTheDoor key={list.id} list={list} />
      ))}
      {dossier.comment !== '' && (
        <section>
          <h2>{t('common.comment')}</h2>
          <p className="written">
            <bdi>{shownLines(dossier.comment)}</bdi>
          </p>
        </section>
      )}
      {fields.length > 0 && (
        <section>
          <h2>{t('dossiers.customFields')}</h2>
          <dl className={classes.facts}>
            {fields.map(({ key, label, value }) => (
              <div key={key} className={classes.fact}>
                <dt>
                  <Name>{label}</Name>
                </dt>
                <dd>{value}</dd>
              </div>
            ))}
          </dl>
        </section>
      )}
      <Origin readAt={readAt} />
    </article>
  );
}

interface ShownField {
  readonly key: string;
  readonly label: string;
  readonly value: ReactNode;
}

/** What the lists declare as they say, then the other fields as they are. */
function shownFields(meta: Dossier['meta'], lists: readonly WatchList[], language: string): ShownField[] {
  const declared = fieldsOf(lists).filter(({ name }) => valueOf(meta, name) !== undefined);
  const others = Object.entries(meta).filter(([key]) => !declared.some(({ name }) => name === key));
  return [
    ...declared.map((field) => ({
      key: field.name,
      label: labelOf(field, language),
      value: <DeclaredValue field={field} meta={meta} />,
    })),
    ...others.map(([key, value]) => ({
      key,
      label: key,
      value: <bdi className="written">{shownLines(typeof value === 'string' ? value : JSON.stringify(value))}</bdi>,
    })),
  ];
}

/** What to do at the door, as the list says. */
function AtTheDoor({ list }: { list: WatchList }) {
  const { t, i18n } = useTranslation();
  const words = wordsFor(list.instruction, i18n.language);
  if (words === null) return null;
  return (
    <section>
      <h2>{t('fields.doorTitleOf', { list: shownText(list.name) })}</h2>
      <p className="written">
        <bdi>{shownLines(words)}</bdi>
      </p>
    </section>
  );
}

function Face({ dossier }: { dossier: Dossier }) {
  const { t } = useTranslation();
  if (dossier.face === null) return <div className={classes.noFace}>{t('dossiers.noPhoto')}</div>;
  return (
    <img className={classes.face} src={photoAddress(dossier.face, 'rendition')} alt={t('card.photo', { name: shownText(dossier.name) })} />
  );
}

function Facts({ dossier }: { dossier: Dossier }) {
  const { t } = useTranslation();
  const writing = useWriting();
  const lists = useWatchLists();
  const names = (lists.data ?? []).filter(({ id }) => dossier.dossier_lists.includes(id)).map(({ name }) => name);
  const { valid_from: from, valid_until: until, external_id: externalId } = dossier;
  return (
    <dl className={classes.facts}>
      <dt>{t('dossiers.inLists')}</dt>
      <dd>
        {names.map((name) => (
          <div key={name}>
            <Name>{name}</Name>
          </div>
        ))}
      </dd>
      <dt>{t('dossiers.validity')}</dt>
      <dd>
        {from !== null && <div>{t('dossiers.from', { day: writing.day(from) })}</div>}
        {until === null ? t('card.always') : t('dossiers.until', { day: writing.day(until) })}
      </dd>
      {externalId !== null && (
        <>
          <dt>{t('dossiers.externalId')}</dt>
          <dd>
            <Name>{externalId}</Name>
          </dd>
        </>
      )}
      <dt>{t('dossiers.modified')}</dt>
      <dd>{writing.exact(dossier.modified_date)}</dd>
    </dl>
  );
}

/** Which node says so, and when it was printed: the moment follows until it is. */
function Origin({ readAt }: { readAt: number }) {
  const { t } = useTranslation();
  const writing = useWriting();
  const node = useNode();
  const session = useSession();
  const [now, setNow] = useState(() => new Date().toISOString());
  useEffect(() => {
    const renew = (): void => setNow(new Date().toISOString());
    window.addEventListener('beforeprint', renew);
    return () => window.removeEventListener('beforeprint', renew);
  }, []);
  return (
    <footer className={classes.origin}>
      <div>
        {t('card.node')}: <Name>{node.data?.external_address ?? window.location.host}</Name> · {node.data?.uuid}
      </div>
      <div>{t('card.printed', { when: writing.exact(now), who: session.data?.name ?? '' })}</div>
      <div>{t('card.stand', { when: writing.exact(new Date(readAt).toISOString()) })}</div>
    </footer>
  );
}
