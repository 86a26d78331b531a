import type { k8s } from '@sampan/api';
import type { Pod } from '../workloads/objects.ts';
import { matchFailurePolicy } from './failure-policy.ts';
import { earlierFailures, earlierIgnored } from './job-pods.ts';
import { COMPLETION_INDEX, INDEX_FAILURES, INDEX_IGNORED_FAILURES, type Job, TRACKING } from './objects.ts';

const INDEX_ENV = 'JOB_COMPLETION_INDEX';
/** Longer prefixes are cut before five random letters come (names.MaxGeneratedNameLength). */
const MOST_PREFIX = 58;

/** The template of a Job's next pod. `replaced`: the failed pod of the same index, if any. Pure. */
export function jobPodTemplate(job: Job, index: number | undefined, replaced?: Pod): k8s.PodTemplateSpec {
  const { metadata = {}, spec } = job.spec.template;
  const finalizers = [...new Set([...(metadata.finalizers ?? []), TRACKING])];
  if (index === undefined) return { metadata: { ...metadata, finalizers }, spec: { ...spec } };
  const mark = { [COMPLETION_INDEX]: String(index) };
  return {
    metadata: {
      ...metadata,
      finalizers,
      labels: { ...metadata.labels, ...mark },
      annotations: { ...metadata.annotations, ...mark, ...failureCounts(job, replaced) },
    },
    spec: {
      ...spec,
      hostname: `${job.metadata.name}-${index}`,
      ...(spec?.initContainers ? { initContainers: spec.initContainers.map(withIndex) } : {}),
      containers: (spec?.containers ?? []).map(withIndex),
    },
  };
}

function withIndex(container: k8s.Container): k8s.Container {
  const env = container.env ?? [];
  if (env.some(({ name }) => name === INDEX_ENV)) return container;
  const fieldRef = { fieldPath: `metadata.labels['${COMPLETION_INDEX}']` };
  return { ...container, env: [...env, { name: INDEX_ENV, valueFrom: { fieldRef } }] };
}

function failureCounts(job: Job, replaced: Pod | undefined): Record<string, string> {
  if (job.spec.backoffLimitPerIndex === undefined) return {};
  let failures = replaced ? earlierFailures(replaced) : 0;
  let ignored = replaced ? earlierIgnored(replaced) : 0;
  if (replaced && matchFailurePolicy(job, replaced).counts) failures++;
  else if (replaced) ignored++;
  return {
    [INDEX_FAILURES]: String(failures),
    ...(ignored > 0 ? { [INDEX_IGNORED_FAILURES]: String(ignored) } : {}),
  };
}

/** What names of pods with an index begin with. */
export function jobPodPrefix(job: Job, index: number | undefined): string | undefined {
  if (index === undefined) return undefined;
  const end = `-${index}-`;
  return `${(job.metadata.name ?? '').slice(0, MOST_PREFIX - end.length)}${end}`;
}
