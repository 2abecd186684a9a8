import { specify } from '../kit/specification.ts';

specify('the specification, on nodes of one api and three workers with the queue in PostgreSQL', async () => ({ workers: 3 }));
