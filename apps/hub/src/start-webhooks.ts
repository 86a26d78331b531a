import { type Logger, systemClock } from '@sampan/base';
import { type Hub, type HubTables, WebhookController, type WebhookHosts, Webhooks } from '@sampan/hub';
import type { Client } from '@sampan/machinery';
import type { Records } from '@sampan/records';

interface WebhookParts {
  /** Not started yet. */
  readonly hub: Hub;
  readonly records: Records<HubTables>;
  readonly client: Client;
  readonly hosts: WebhookHosts | undefined;
  readonly logger: Logger;
}

/** Tells the webhooks that the cluster names of what happens in the registry; the result ends that. */
export function startWebhooks({ hub, records, client, hosts, logger }: WebhookParts): {
  close(): Promise<void>;
} {
  const webhooks = new Webhooks({ records, clock: systemClock, logger });
  hub.listen('webhooks', webhooks.listener);
  const controller = new WebhookController({ client, webhooks, hosts, clock: systemClock, log: logger });
  controller.start();
  return {
    close: async () => {
      await controller.stop();
      await webhooks.close();
    },
  };
}
