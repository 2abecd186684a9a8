import { Anchor, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { Name } from './name.tsx';

interface SiteNameProps {
  /** Null where sites aren't told apart: then a node is known by its address. */
  readonly site: number | null;
  readonly name: string | null;
  readonly address: string;
}

/** What a node that has lists of this one is called, with the way to its page. */
export function SiteName({ site, name, address }: SiteNameProps) {
  if (site === null) {
    return (
      <Text size="sm" fw={600} className="wrap">
        {address}
      </Text>
    );
  }
  return (
    <Anchor
      renderRoot={(props) => <Link {...props} to="/sites/$id" params={{ id: String(site) }} data-opens />}
      c="inherit"
      fw={600}
      size="sm"
      className="wrap"
    >
      <Name>{name ?? address}</Name>
    </Anchor>
  );
}
