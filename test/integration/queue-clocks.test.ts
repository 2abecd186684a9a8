import { startPostgresServer } from '../kit/postgres-server.ts';
import { describeQueueClocks } from '../kit/queue-clocks.ts';

describeQueueClocks('PostgreSQL', startPostgresServer);
