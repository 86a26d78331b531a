import type { ProjectRetention, ProjectSpec, TagSelector } from '../kinds/project.ts';
import type { RetentionPolicy, TagPattern } from '../rules/project-rules.ts';
import type { Project } from './directory.ts';

/** The project of that name with this spec. */
export function projectOfSpec(name: string, spec: ProjectSpec = {}): Project {
  const { members = [], immutability = [], allowedArtifactTypes = [], quota, retention } = spec;
  return {
    name,
    public: spec.public ?? false,
    members,
    quotaBytes: quota?.bytes,
    immutability: immutability.map(patternOf),
    allowedArtifactTypes,
    retention: retention && policyOf(retention),
  };
}

const patternOf = ({ repositories = '**', tags = '**' }: TagSelector): TagPattern => ({ repositories, tags });

function policyOf({ rules = [], dryRun = false, requestedAt, ...others }: ProjectRetention): RetentionPolicy {
  return {
    ...others,
    dryRun,
    requestedAt: requestedAt === undefined ? undefined : Date.parse(requestedAt),
    rules: rules.map((rule) => ({ ...rule, ...patternOf(rule) })),
  };
}
