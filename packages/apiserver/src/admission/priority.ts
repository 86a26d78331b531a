import type { KubeObject } from '@sampan/api';
import type { ObjectReader } from '@sampan/machinery';
import type { AdmissionPlugin, AdmissionRequest } from './contract.ts';
import { forbid, on } from './forbidden.ts';

const CLASSES = 'priorityclasses.scheduling.k8s.io';
const isPod = on('pods', 'CREATE UPDATE');
const isClass = on(CLASSES, 'CREATE UPDATE');

interface PriorityClass extends KubeObject {
  value?: number;
  globalDefault?: boolean;
  preemptionPolicy?: string;
}

interface Priority {
  readonly className: string;
  readonly value: number;
  readonly preemptionPolicy: string;
}

/** Gives pods the priority of their class (Kubernetes docs "Pod Priority and Preemption"; plugin/pkg/admission/priority). */
export function priority(reader: ObjectReader): AdmissionPlugin {
  return {
    name: 'Priority',
    handles: (asked) => isPod(asked) || isClass(asked),
    admit(request) {
      if (request.definition.kind !== 'Pod') return;
      if (request.operation === 'CREATE') setPriority(request, reader);
      else keepPriority(request);
    },
    validate(request): undefined {
      if (request.definition.kind === 'PriorityClass') checkOnlyDefault(request, reader);
    },
  };
}

function setPriority(request: AdmissionRequest, reader: ObjectReader): void {
  const spec = request.object?.spec;
  if (!spec) return;
  const { className, value, preemptionPolicy } = priorityOf(request, spec.priorityClassName, reader);
  if (className !== '') spec.priorityClassName = className;
  if (typeof spec.priority === 'number' && spec.priority !== value) {
    throw forbid(
      request,
      `the integer value of priority (${spec.priority}) must not be provided in pod spec; priority admission controller computed ${value} from the given PriorityClass name`,
    );
  }
  if (typeof spec.preemptionPolicy === 'string' && spec.preemptionPolicy !== preemptionPolicy) {
    throw forbid(
      request,
      `the string value of PreemptionPolicy (${spec.preemptionPolicy}) must not be provided in pod spec; priority admission controller computed ${preemptionPolicy} from the given PriorityClass name`,
    );
  }
  spec.priority = value;
  spec.preemptionPolicy = preemptionPolicy;
}

function priorityOf(request: AdmissionRequest, name: unknown, reader: ObjectReader): Priority {
  if (typeof name === 'string' && name !== '') {
    const found = reader.get<PriorityClass>(CLASSES, '', name);
    if (!found) throw forbid(request, `no PriorityClass with name ${name} was found`);
    return fromClass(found);
  }
  const fallback = defaultClass(reader);
  return fallback ? fromClass(fallback) : NO_CLASS;
}

const PREEMPT = 'PreemptLowerPriority';
const NO_CLASS: Priority = { className: '', value: 0, preemptionPolicy: PREEMPT };

const fromClass = ({ metadata, value = 0, preemptionPolicy = PREEMPT }: PriorityClass): Priority => ({
  className: metadata.name ?? '',
  value,
  preemptionPolicy,
});

/** The default with the least value, should there be several. */
function defaultClass(reader: ObjectReader): PriorityClass | undefined {
  let least: PriorityClass | undefined;
  for (const each of reader.list<PriorityClass>(CLASSES)) {
    if (each.globalDefault && (!least || (each.value ?? 0) < (least.value ?? 0))) least = each;
  }
  return least;
}

/** Clients that send the whole pod without what the server computed keep it. */
function keepPriority({ object, old }: AdmissionRequest): void {
  if (!object?.spec || !old?.spec) return;
  for (const field of ['priority', 'preemptionPolicy']) {
    if (object.spec[field] === undefined && old.spec[field] !== undefined)
      object.spec[field] = old.spec[field];
  }
}

function checkOnlyDefault(request: AdmissionRequest, reader: ObjectReader): void {
  const { object, operation } = request;
  if (!object?.globalDefault) return;
  const present = defaultClass(reader);
  if (!present || (operation === 'UPDATE' && present.metadata.name === object.metadata.name)) return;
  throw forbid(
    request,
    `PriorityClass ${present.metadata.name} is already marked as default. Only one default can exist`,
  );
}
