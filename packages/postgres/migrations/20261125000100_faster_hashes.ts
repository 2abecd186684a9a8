import type { Knex } from 'knex';

/**
 * The same hashes at less cost. Written so that PostgreSQL inlines them: a function that calls another one of a lesser volatility (convert_to(),
 * integer || text) is called as a whole program for each row instead. A text becomes its bytes by the cast, in which a backslash is doubled.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(String.raw`
    create or replace function dossier_hash(uuid uuid, name text, comment text, active boolean, meta jsonb, external_id text, photos_hash bytea)
      returns bytea language sql immutable parallel safe as $$
      select substring(sha256(replace(
        'dossier/1 ' || uuid::text || ' ' || active::text || ' ' || encode(photos_hash, 'hex') || ' '
        || octet_length(name)::text || ':' || name || octet_length(comment)::text || ':' || comment
        || coalesce(octet_length(external_id)::text || ':' || external_id, '-') || meta::text, '\', '\\')::bytea) from 1 for 16)
    $$;
    create or replace function photo_line(sha256 bytea, width int, height int, bytes int, media_type text, features text)
      returns text language sql immutable parallel safe as $$
      select encode(sha256, 'hex') || ' ' || width::text || ' ' || height::text || ' ' || bytes::text || ' ' || media_type || ' '
        || coalesce(features, '') || chr(10)
    $$;

    do $$
    begin
      -- From PostgreSQL 18 on eight bytes can be read as a number.
      if current_setting('server_version_num')::int >= 180000 then
        create or replace function hash_high(hash bytea) returns bigint language sql immutable strict parallel safe as
          'select substring(hash from 1 for 8)::bigint';
        create or replace function hash_low(hash bytea) returns bigint language sql immutable strict parallel safe as
          'select substring(hash from 9 for 8)::bigint';
      end if;
    end $$;
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: restore a backup to go back.');
}
