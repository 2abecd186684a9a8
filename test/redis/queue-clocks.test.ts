import { describeQueueClocks } from '../kit/queue-clocks.ts';
import { startRedisServer } from '../kit/redis-server.ts';

describeQueueClocks('Redis', startRedisServer);
