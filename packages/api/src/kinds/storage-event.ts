import type { KubeObject } from '../meta/object.ts';
import { convertTo, type StorageConversion } from './storage.ts';

/** Field names of core/v1 Event and what events.k8s.io calls them (pkg/apis/events/v1/conversion.go). */
const RENAMED: readonly (readonly [core: string, events: string])[] = [
  ['involvedObject', 'regarding'],
  ['message', 'note'],
  ['source', 'deprecatedSource'],
  ['firstTimestamp', 'deprecatedFirstTimestamp'],
  ['lastTimestamp', 'deprecatedLastTimestamp'],
  ['count', 'deprecatedCount'],
  ['reportingComponent', 'reportingController'],
];
const TO_EVENTS = new Map(RENAMED);
const TO_CORE = new Map(RENAMED.map(([core, events]) => [events, core] as const));

function rename(object: KubeObject, names: ReadonlyMap<string, string>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [names.get(key) ?? key, value]));
}

const CORE = 'io.k8s.api.core.v1.Event';

/** events.k8s.io Events are stored as core/v1 Events; `version` is the served one. */
export function eventStorage(version: string): StorageConversion {
  const model = `io.k8s.api.events.${version}.Event`;
  return {
    group: '',
    version: 'v1',
    resource: 'events',
    fromStorage: (object) => convertTo(model, 'events.k8s.io', version, rename(object, TO_EVENTS)),
    toStorage: (object) => convertTo(CORE, '', 'v1', rename(object, TO_CORE)),
  };
}
