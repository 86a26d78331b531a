import { deepEqual } from '@sampan/base';
import { immutable, list, oneOf, type Part } from '../core/shared.ts';
import type { KindRules } from '../kinds/resource.ts';
import { duplicate, type FieldError, invalid, notSupported, required } from '../meta/field-error.ts';
import type { KubeObject } from '../meta/object.ts';

const FS_GROUP_POLICIES = ['File', 'None', 'ReadWriteOnceWithFSType'];
const LIFECYCLE_MODES = ['Persistent', 'Ephemeral'];
const MIN_TOKEN_SECONDS = 600;
const MAX_TOKEN_SECONDS = 2 ** 32;
const MIN_UPDATE_PERIOD = 10;

function tokenRequestsErrors(requests: readonly Part[]): FieldError[] {
  const seen = new Set<string>();
  return requests.flatMap((request, i) => {
    const field = `spec.tokenRequests[${i}]`;
    const audience: string = request.audience ?? '';
    if (seen.has(audience)) return [duplicate(`${field}.audience`, audience)];
    seen.add(audience);
    const seconds: number | undefined = request.expirationSeconds;
    if (seconds === undefined) return [];
    const path = `${field}.expirationSeconds`;
    if (seconds < MIN_TOKEN_SECONDS) {
      return [invalid(path, seconds, 'may not specify a duration less than 10 minutes')];
    }
    return seconds > MAX_TOKEN_SECONDS
      ? [invalid(path, seconds, 'may not specify a duration larger than 2^32 seconds')]
      : [];
  });
}

function updatePeriodErrors(spec: Part): FieldError[] {
  const seconds: number | undefined = spec.nodeAllocatableUpdatePeriodSeconds;
  return seconds === undefined || seconds >= MIN_UPDATE_PERIOD
    ? []
    : [
        invalid(
          'spec.nodeAllocatableUpdatePeriodSeconds',
          seconds,
          `must be greater than or equal to ${MIN_UPDATE_PERIOD} seconds`,
        ),
      ];
}

const needed = (spec: Part, key: string, path = key): FieldError[] =>
  spec[key] === undefined ? [required(`spec.${path}`)] : [];

function validate(driver: KubeObject): FieldError[] {
  const spec = driver.spec ?? {};
  return [
    ...needed(spec, 'attachRequired', 'attachedRequired'),
    ...needed(spec, 'podInfoOnMount'),
    ...needed(spec, 'storageCapacity'),
    ...oneOf('spec.fsGroupPolicy', spec.fsGroupPolicy, FS_GROUP_POLICIES),
    ...tokenRequestsErrors(list(spec.tokenRequests)),
    ...list(spec.volumeLifecycleModes)
      .filter((mode) => !LIFECYCLE_MODES.includes(mode))
      .map((mode) => notSupported('spec.volumeLifecycleModes', mode, LIFECYCLE_MODES)),
    ...needed(spec, 'seLinuxMount'),
    ...updatePeriodErrors(spec),
  ];
}

export const csiDriverRules: KindRules = {
  setDefaults(driver) {
    driver.spec ??= {};
    const { spec } = driver;
    spec.attachRequired ??= true;
    spec.podInfoOnMount ??= false;
    spec.storageCapacity ??= false;
    spec.fsGroupPolicy ??= 'ReadWriteOnceWithFSType';
    if (list(spec.volumeLifecycleModes).length === 0) spec.volumeLifecycleModes = ['Persistent'];
    spec.requiresRepublish ??= false;
    spec.seLinuxMount ??= false;
  },
  prepareForUpdate(driver, old) {
    const counted = ['tokenRequests', 'requiresRepublish', 'seLinuxMount'];
    if (counted.some((key) => !deepEqual(driver.spec?.[key], old.spec?.[key]))) {
      driver.metadata.generation = (old.metadata.generation ?? 0) + 1;
    }
  },
  validate,
  validateUpdate(driver, old) {
    const spec = driver.spec ?? {};
    return [
      ...immutable('spec.attachedRequired', spec.attachRequired, old.spec?.attachRequired),
      ...immutable('spec.volumeLifecycleModes', spec.volumeLifecycleModes, old.spec?.volumeLifecycleModes),
      ...tokenRequestsErrors(list(spec.tokenRequests)),
      ...updatePeriodErrors(spec),
    ];
  },
  unconditionalUpdate: false,
};
