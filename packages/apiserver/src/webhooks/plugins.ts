import type { Logger } from '@sampan/base';
import type { ObjectReader } from '@sampan/machinery';
import type { AdmissionPlugin } from '../admission/contract.ts';
import type { Authorizer } from '../auth/contract.ts';
import type { ResourceTable } from '../registry/resource-table.ts';
import type { HttpsCaller } from './https-caller.ts';
import { mutatingWebhooks } from './mutating.ts';
import { validatingWebhooks } from './validating.ts';
import { WebhookList } from './webhook-list.ts';

export interface WebhookOptions {
  readonly reader: ObjectReader;
  readonly caller: HttpsCaller;
  readonly log: Logger;
  readonly authorizer: Authorizer;
  resources(): ResourceTable;
}

/** Both plug-ins of webhooks; `close` ends their watches. */
export function webhookPlugins(options: WebhookOptions): {
  readonly mutating: AdmissionPlugin;
  readonly validating: AdmissionPlugin;
  close(): void;
} {
  const { reader, log, caller, authorizer } = options;
  const asking = { caller, log, authorizer, resources: () => options.resources() };
  const mutating = new WebhookList(reader, 'mutatingwebhookconfigurations.admissionregistration.k8s.io');
  const validating = new WebhookList(reader, 'validatingwebhookconfigurations.admissionregistration.k8s.io');
  return {
    mutating: mutatingWebhooks(mutating, reader, asking),
    validating: validatingWebhooks(validating, reader, asking),
    close() {
      mutating.close();
      validating.close();
    },
  };
}
