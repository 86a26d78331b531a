import { webhooksSuite } from './webhooks-suite.ts';

webhooksSuite();
