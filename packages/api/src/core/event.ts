import type { KindRules } from '../kinds/resource.ts';
import { type FieldError, invalid, required } from '../meta/field-error.ts';
import type { KubeObject } from '../meta/object.ts';
import { byteLength } from '../validation/messages.ts';
import {
  dns1123Subdomain,
  each,
  immutable,
  nameIsDnsSubdomain,
  nameIsPathSegment,
  qualifiedName,
} from './shared.ts';

/**
 * The field names of an Event in the two groups that serve it: core/v1 and events.k8s.io/v1 hold one object
 * under different names. Errors use core's names in both, as upstream's do.
 */
export interface EventFields {
  readonly involvedObject: 'involvedObject' | 'regarding';
  readonly message: 'message' | 'note';
  readonly reportingController: 'reportingComponent' | 'reportingController';
  readonly source: 'source' | 'deprecatedSource';
  readonly firstTimestamp: 'firstTimestamp' | 'deprecatedFirstTimestamp';
  readonly lastTimestamp: 'lastTimestamp' | 'deprecatedLastTimestamp';
  readonly count: 'count' | 'deprecatedCount';
}

export const CORE_EVENT: EventFields = {
  involvedObject: 'involvedObject',
  message: 'message',
  reportingController: 'reportingComponent',
  source: 'source',
  firstTimestamp: 'firstTimestamp',
  lastTimestamp: 'lastTimestamp',
  count: 'count',
};

export const NEW_EVENT: EventFields = {
  involvedObject: 'regarding',
  message: 'note',
  reportingController: 'reportingController',
  source: 'deprecatedSource',
  firstTimestamp: 'deprecatedFirstTimestamp',
  lastTimestamp: 'deprecatedLastTimestamp',
  count: 'deprecatedCount',
};

const MAX_SHORT = 128;
const MAX_NOTE = 1024;
const NO_MATCH = 'does not match event.namespace';

function namespaceError(
  event: KubeObject,
  fields: EventFields,
  allowedWhenEmpty: readonly string[],
): FieldError[] {
  const namespace = event.metadata.namespace ?? '';
  const involved: string = event[fields.involvedObject]?.namespace ?? '';
  const ok = involved === '' ? allowedWhenEmpty.includes(namespace) : namespace === involved;
  return ok ? [] : [invalid('involvedObject.namespace', involved, NO_MATCH)];
}

function lengthErrors(field: string, value: string, max: number, needed: boolean): FieldError[] {
  if (needed && value === '') return [required(field)];
  return byteLength(value) > max ? [invalid(field, '', `can have at most ${max} characters`)] : [];
}

/** legacyValidateEvent: what holds for every event, by either API. */
function legacyErrors(event: KubeObject, fields: EventFields): FieldError[] {
  const errors: FieldError[] = [];
  const namespace = event.metadata.namespace ?? '';
  if (!event.eventTime) errors.push(...namespaceError(event, fields, ['', 'default']));
  else {
    const controller: string = event[fields.reportingController] ?? '';
    if (!event[fields.involvedObject]?.namespace && namespace !== 'default' && namespace !== 'kube-system') {
      errors.push(invalid('involvedObject.namespace', '', NO_MATCH));
    }
    if (controller === '') errors.push(required('reportingController'));
    errors.push(
      ...each('reportingController', controller, qualifiedName(controller)),
      ...lengthErrors('reportingInstance', event.reportingInstance ?? '', MAX_SHORT, true),
      ...lengthErrors('action', event.action ?? '', MAX_SHORT, true),
      ...lengthErrors('reason', event.reason ?? '', MAX_SHORT, true),
      ...lengthErrors('message', event[fields.message] ?? '', MAX_NOTE, false),
    );
  }
  return [...errors, ...each('namespace', namespace, dns1123Subdomain(namespace))];
}

function seriesErrors(event: KubeObject): FieldError[] {
  if (event.series === undefined) return [];
  return [
    ...((event.series.count ?? 0) < 2 ? [invalid('series.count', '', 'should be at least 2')] : []),
    ...(event.series.lastObservedTime ? [] : [required('series.lastObservedTime')]),
  ];
}

function strictCreateErrors(event: KubeObject, fields: EventFields): FieldError[] {
  const errors = seriesErrors(event);
  if (!event.eventTime) errors.push(required('eventTime'));
  const type: string = event.type ?? '';
  if (type !== 'Normal' && type !== 'Warning') errors.push(invalid('type', '', `has invalid value: ${type}`));
  const source = event[fields.source];
  const unset: [string, boolean][] = [
    ['firstTimestamp', !event[fields.firstTimestamp]],
    ['lastTimestamp', !event[fields.lastTimestamp]],
    ['count', !event[fields.count]],
    ['source', !source?.component && !source?.host],
  ];
  return [
    ...errors,
    ...unset.filter(([, ok]) => !ok).map(([field]) => invalid(field, '', 'needs to be unset')),
  ];
}

function strictUpdateErrors(event: KubeObject, old: KubeObject, fields: EventFields): FieldError[] {
  const same = (field: string, key: string): FieldError[] => immutable(field, event[key], old[key]);
  return [
    ...(immutable('', event.series, old.series).length > 0 ? seriesErrors(event) : []),
    ...same('involvedObject', fields.involvedObject),
    ...same('reason', 'reason'),
    ...same('message', fields.message),
    ...same('source', fields.source),
    ...same('firstTimestamp', fields.firstTimestamp),
    ...same('lastTimestamp', fields.lastTimestamp),
    ...same('count', fields.count),
    ...same('reason', 'reason'),
    ...same('type', 'type'),
    ...same('eventTime', 'eventTime'),
    ...same('action', 'action'),
    ...same('related', 'related'),
    ...same('reportingController', fields.reportingController),
    ...same('reportingInstance', 'reportingInstance'),
  ];
}

/** Rules of Event for one of its groups; `strict` is events.k8s.io/v1. */
export function eventRulesFor(fields: EventFields, strict: boolean): KindRules {
  const object = (event: KubeObject, key: string): string => event[fields.involvedObject]?.[key] ?? '';
  const controllerOf = (event: KubeObject): string => event[fields.reportingController] ?? '';
  const prefix = fields.involvedObject;
  const ofObject = ['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'].map(
    (key) => [`${prefix}.${key}`, (event: KubeObject) => object(event, key)] as const,
  );
  return {
    validate: (event) => [
      ...legacyErrors(event, fields),
      ...(strict ? strictCreateErrors(event, fields) : []),
    ],
    validateUpdate: (event, old) => [
      ...legacyErrors(event, fields),
      ...(strict ? strictUpdateErrors(event, old, fields) : []),
    ],
    // core/v1 has never asked more of an event's name.
    validateName: strict ? nameIsDnsSubdomain : nameIsPathSegment,
    createOnUpdate: true,
    generation: false,
    selectableFields: {
      ...Object.fromEntries(ofObject),
      reason: (event) => event.reason ?? '',
      ...(fields === NEW_EVENT
        ? { reportingController: controllerOf }
        : {
            reportingComponent: controllerOf,
            source: (event: KubeObject) => event[fields.source]?.component || controllerOf(event),
          }),
      type: (event) => event.type ?? '',
    },
  };
}

export const eventRules = eventRulesFor(CORE_EVENT, false);
