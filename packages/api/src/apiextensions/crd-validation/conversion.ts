import { type FieldError, forbidden, invalid, required } from '../../meta/field-error.ts';
import { isDNS1035Label } from '../../validation/dns.ts';
import { isValidPortNum } from '../../validation/formats.ts';
import { webhookUrlErrors } from '../../validation/webhook-client.ts';
import type { CrdConversion, CustomResourceDefinition } from '../crd.ts';
import { oneOfErrors } from './one-of.ts';

const PATH = 'spec.conversion';
/** The paths of upstream's internal form, where `webhook` is none. */
const CLIENT_PATH = `${PATH}.webhookClientConfig`;
const REVIEWS_PATH = `${PATH}.conversionReviewVersions`;

/** Source: apiextensions-apiserver validation.validateCustomResourceConversion. */
export function conversionErrors({ spec }: CustomResourceDefinition): FieldError[] {
  const { conversion } = spec;
  if (!conversion) return [];
  const errors = oneOfErrors(`${PATH}.strategy`, conversion.strategy ?? '', ['None', 'Webhook']);
  const { webhook } = conversion;
  const reviews = webhook?.conversionReviewVersions ?? [];
  if (spec.preserveUnknownFields && conversion.strategy && conversion.strategy !== 'None') {
    const text = 'must be None if spec.preserveUnknownFields is true';
    errors.push(invalid(`${PATH}.strategy`, conversion.strategy, text));
  }
  if (conversion.strategy === 'Webhook') {
    return [...errors, ...clientErrors(webhook?.clientConfig), ...reviewVersionErrors(reviews)];
  }
  const text = 'should not be set when strategy is not set to Webhook';
  if (webhook?.clientConfig) errors.push(forbidden(CLIENT_PATH, text));
  if (reviews.length > 0) errors.push(forbidden(REVIEWS_PATH, text));
  return errors;
}

/** Source: apiserver pkg/util/webhook/validation.go. */
function clientErrors(client: NonNullable<CrdConversion['webhook']>['clientConfig']): FieldError[] {
  if (!client) return [required(CLIENT_PATH, 'required when strategy is set to Webhook')];
  const { url, service } = client;
  if ((url === undefined) === (service === undefined)) {
    return [required(CLIENT_PATH, 'exactly one of url or service is required')];
  }
  if (url !== undefined) return webhookUrlErrors(url, `${CLIENT_PATH}.url`);
  const errors: FieldError[] = [];
  // upstream hands name and namespace over in the wrong order
  if (!service?.namespace) errors.push(required(`${CLIENT_PATH}.service.name`));
  if (!service?.name) errors.push(required(`${CLIENT_PATH}.service.namespace`));
  const port = isValidPortNum(service?.port ?? 443);
  if (port.length > 0) {
    const text = `port is not valid: ${port.join(', ')}`;
    errors.push(invalid(`${CLIENT_PATH}.service.port`, service?.port, text));
  }
  return errors;
}

function reviewVersionErrors(versions: readonly string[]): FieldError[] {
  if (versions.length === 0) return [required(REVIEWS_PATH)];
  const errors = versions.flatMap((version, i) => {
    const isRepeated = versions.indexOf(version) < i;
    const texts = isRepeated ? ['duplicate version'] : isDNS1035Label(version);
    return texts.map((text) => invalid(`${REVIEWS_PATH}[${i}]`, version, text));
  });
  if (!versions.includes('v1') && !versions.includes('v1beta1')) {
    errors.push(invalid(REVIEWS_PATH, versions, 'must include at least one of v1, v1beta1'));
  }
  return errors;
}
