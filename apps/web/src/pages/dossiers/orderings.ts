/** Orders in which the API lists dossiers. */
export const orderings = ['id', '-id', 'name', '-name', 'created_date', '-created_date', 'modified_date', '-modified_date'] as const;
export type Ordering = (typeof orderings)[number];
