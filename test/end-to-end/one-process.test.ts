import { specify } from '../kit/specification.ts';

specify('the specification, on nodes of one process with the queue in PostgreSQL', async () => ({ workers: 'in the same process' }));
