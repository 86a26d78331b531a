import type { KubeObject } from '@sampan/api';
import { deepClone, deepEqual, Quantity } from '@sampan/base';
import type { ObjectReader } from '@sampan/machinery';
import type { AdmissionPlugin, AdmissionRequest } from './contract.ts';
import { forbid, on } from './forbidden.ts';

type Amounts = Readonly<Record<string, string>>;

interface RuntimeClass extends KubeObject {
  overhead?: { podFixed?: Amounts };
  scheduling?: { nodeSelector?: Record<string, string>; tolerations?: unknown[] };
}

const MISMATCH = "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead";
const WITHOUT_CLASS = 'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead';

/** Pods cost what their runtime costs and go where it is (KEP-688; plugin/pkg/admission/runtimeclass). */
export function runtimeClass(reader: ObjectReader): AdmissionPlugin {
  return {
    name: 'RuntimeClass',
    handles: on('pods', 'CREATE'),
    admit(request) {
      const found = classOf(request, reader);
      if (!found || !request.object) return;
      setOverhead(request, request.object, found);
      setScheduling(request, request.object, found);
    },
    validate(request): undefined {
      const overhead: Amounts | undefined = request.object?.spec?.overhead;
      const wanted = classOf(request, reader)?.overhead;
      if (wanted) {
        if (!sameAmounts(wanted.podFixed ?? {}, overhead ?? {})) throw forbid(request, MISMATCH);
      } else if (overhead !== undefined && Object.keys(overhead).length > 0) {
        throw forbid(request, WITHOUT_CLASS);
      }
    },
  };
}

function classOf(request: AdmissionRequest, reader: ObjectReader): RuntimeClass | undefined {
  const name: unknown = request.object?.spec?.runtimeClassName;
  if (typeof name !== 'string') return undefined;
  const found = reader.get<RuntimeClass>('runtimeclasses.node.k8s.io', '', name);
  if (!found) throw forbid(request, `pod rejected: RuntimeClass ${JSON.stringify(name)} not found`);
  return found;
}

function setOverhead(request: AdmissionRequest, pod: KubeObject, { overhead }: RuntimeClass): void {
  if (!overhead) return;
  const own: Amounts | undefined = pod.spec.overhead;
  const wanted = overhead.podFixed ?? {};
  if (own && Object.keys(own).length > 0 && !sameAmounts(own, wanted)) throw forbid(request, MISMATCH);
  pod.spec.overhead = { ...wanted };
}

function setScheduling(request: AdmissionRequest, pod: KubeObject, { scheduling }: RuntimeClass): void {
  if (!scheduling) return;
  const own: Record<string, string> = pod.spec.nodeSelector ?? {};
  for (const [key, value] of Object.entries(scheduling.nodeSelector ?? {})) {
    const present = Object.hasOwn(own, key) ? own[key] : undefined;
    if (present === undefined || present === value) continue;
    throw forbid(
      request,
      `conflict: runtimeClass.scheduling.nodeSelector[${key}] = ${value}; pod.spec.nodeSelector[${key}] = ${present}`,
    );
  }
  if (Object.keys(scheduling.nodeSelector ?? {}).length > 0) {
    pod.spec.nodeSelector = { ...own, ...scheduling.nodeSelector };
  }
  if (scheduling.tolerations?.length) {
    const present: unknown[] = pod.spec.tolerations ?? [];
    const added = scheduling.tolerations.filter((each) => !present.some((other) => deepEqual(each, other)));
    pod.spec.tolerations = [...present, ...added.map(deepClone)];
  }
}

function sameAmounts(a: Amounts, b: Amounts): boolean {
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => {
      const left = Quantity.tryParse(a[name] ?? '');
      const right = Object.hasOwn(b, name) ? Quantity.tryParse(b[name] ?? '') : undefined;
      return left !== undefined && right !== undefined && left.equals(right);
    })
  );
}
