import { randomUUID } from 'node:crypto';
import {
  type ConvertObjects,
  type CustomResourceDefinition,
  fieldErrorMessage,
  type KubeObject,
  parseApiVersion,
  StatusError,
  validateAnnotations,
  validateLabels,
} from '@sampan/api';
import { deepClone, deepEqual, isObject, type JsonObject } from '@sampan/base';
import { CallError } from '../webhooks/call-error.ts';
import { callTarget, type HttpsCaller } from '../webhooks/https-caller.ts';

/** As long as upstream lets any request take. */
const TIMEOUT_MS = 30_000;
const VERSIONS = ['v1', 'v1beta1'];

/**
 * Converts custom objects by the webhook of their definition (apiextensions.k8s.io ConversionReview); undefined for
 * strategy None. Source: apiextensions-apiserver pkg/apiserver/conversion/webhook_converter.go.
 */
export function conversionWebhook(
  crd: CustomResourceDefinition,
  caller: HttpsCaller,
): ConvertObjects | undefined {
  const { strategy, webhook } = crd.spec.conversion ?? {};
  if (strategy !== 'Webhook' || !webhook?.clientConfig) return undefined;
  // validation has seen to it that it is complete
  const target = callTarget(webhook.clientConfig as Parameters<typeof callTarget>[0]);
  const version = webhook.conversionReviewVersions?.find((candidate) => VERSIONS.includes(candidate));
  return async (objects, apiVersion) => {
    const subject = subjectOf(objects[0]);
    try {
      if (version === undefined) throw new CallError('no supported conversion review versions');
      const uid = randomUUID();
      const review = {
        kind: 'ConversionReview',
        apiVersion: `apiextensions.k8s.io/${version}`,
        request: { uid, desiredAPIVersion: apiVersion, objects },
      };
      const answer = await caller.post(target, review, TIMEOUT_MS, false);
      const converted = convertedOf(answer, version, uid);
      if (converted.length !== objects.length) {
        throw failed(`${subject} returned ${converted.length} objects, expected ${objects.length}`);
      }
      return objects.map((object, i) => checked(subject, object, converted[i], i, apiVersion));
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      throw failed(`${subject} failed: ${error.message}`);
    }
  };
}

const failed = (text: string): StatusError => new StatusError('', `conversion webhook for ${text}`);

/** As Go prints a GroupVersionKind. */
function subjectOf(object: KubeObject | undefined): string {
  return `${object?.apiVersion ?? ''}, Kind=${object?.kind ?? ''}`;
}

function convertedOf(answer: unknown, version: string, uid: string): readonly unknown[] {
  if (!isObject(answer) || !isObject(answer.response)) throw new CallError('no response provided');
  const { response } = answer;
  if (version === 'v1') {
    const found = `${String(answer.apiVersion ?? '')}, Kind=${String(answer.kind ?? '')}`;
    const wanted = 'apiextensions.k8s.io/v1, Kind=ConversionReview';
    if (found !== wanted) throw new CallError(`expected webhook response of ${wanted}, got ${found}`);
    if (response.uid !== uid)
      throw new CallError(`expected response.uid="${uid}", got ${JSON.stringify(response.uid ?? '')}`);
  }
  const result = isObject(response.result) ? response.result : {};
  if (result.status !== 'Success') {
    const text = typeof result.message === 'string' && result.message !== '' ? result.message : undefined;
    throw new CallError(text ?? `response.result.status was '${String(result.status ?? '')}', not 'Success'`);
  }
  return Array.isArray(response.convertedObjects) ? response.convertedObjects : [];
}

/** The converted object, its metadata that of the original but for labels and annotations. */
function checked(
  subject: string,
  original: KubeObject,
  converted: unknown,
  index: number,
  apiVersion: string,
): KubeObject {
  const wrong = (text: string) =>
    failed(`${subject} returned invalid converted object at index ${index}: ${text}`);
  if (!isObject(converted)) throw wrong('it is no object');
  const found = converted.apiVersion;
  if (found !== apiVersion) {
    const version = typeof found === 'string' ? parseApiVersion(found) : { group: '', version: '' };
    throw wrong(
      `invalid groupVersion (expected ${apiVersion}, received ${version.group}/${version.version})`,
    );
  }
  if (converted.kind !== original.kind) {
    throw wrong(`invalid kind (expected ${original.kind}, received ${String(converted.kind ?? '')})`);
  }
  const { metadata } = converted;
  if (!isObject(metadata)) throw wrong('missing metadata in converted object');
  for (const [field, name] of [
    ['name', 'name'],
    ['namespace', 'namespace'],
    ['uid', 'UID'],
  ] as const) {
    const before = original.metadata[field] ?? '';
    const after = metadata[field] ?? '';
    if (before !== after) throw wrong(`must have the same ${name}: ${before} != ${String(after)}`);
  }
  const restored = deepClone(original.metadata) as unknown as JsonObject;
  for (const field of ['labels', 'annotations'] as const) {
    const problem = takeMap(field, metadata[field], restored);
    if (problem !== undefined) {
      throw failed(`${subject} returned invalid metadata in object at index ${index}: ${problem}`);
    }
  }
  return { ...converted, metadata: restored } as unknown as KubeObject;
}

/** Takes over what the webhook made of labels or annotations; says what is wrong with it. */
function takeMap(field: 'labels' | 'annotations', value: unknown, metadata: JsonObject): string | undefined {
  if (value === undefined || value === null) {
    delete metadata[field];
    return undefined;
  }
  if (!isObject(value)) return `invalid metadata.${field} in converted object`;
  const odd = Object.entries(value).find(([, text]) => typeof text !== 'string');
  if (odd) return `metadata.${field}[${odd[0]}] must be a string in converted object`;
  if (!deepEqual(metadata[field], value)) {
    const texts = value as Record<string, string>;
    const errors =
      field === 'labels'
        ? validateLabels(texts, 'metadata.labels')
        : validateAnnotations(texts, 'metadata.annotations');
    if (errors.length > 0) return errors.map(fieldErrorMessage).join(', ');
  }
  metadata[field] = value;
  return undefined;
}
