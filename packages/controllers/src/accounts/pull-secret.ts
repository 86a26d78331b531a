import { REFS } from '@sampan/machinery';
import type { Controller, ControllerContext } from '../controller.ts';
import { startEachNamespace } from './each-namespace.ts';

/** With what pods of a cluster fetch images from a registry that it has. */
export interface PullSecretOptions {
  readonly name: string;
  /** In docker's config format, as it is now. */
  content(): string;
  /** Calls the listener when the content is another; the returned function ends it. */
  follow(listener: () => void): () => void;
}

const TYPE = 'kubernetes.io/dockerconfigjson';

/** A Secret of image pulls for every namespace; the ServiceAccount `default` there names it. */
export function startPullSecret(
  context: ControllerContext,
  { name, content, follow }: PullSecretOptions,
): Controller {
  return startEachNamespace(context, {
    name: 'pull-secret-publisher',
    ref: REFS.secrets,
    keep: ['data'],
    follow,
    object: (namespace) => ({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name, namespace },
      type: TYPE,
      data: { '.dockerconfigjson': Buffer.from(content()).toString('base64') },
    }),
  });
}
