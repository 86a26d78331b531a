import type { KubeObject, k8s } from '@sampan/api';

/** The objects that an ingress proxy is made of, as they come from the API. */
export interface Ingress extends KubeObject {
  readonly spec?: k8s.IngressSpec;
  readonly status?: k8s.IngressStatus;
}

export interface IngressClass extends KubeObject {
  readonly spec?: k8s.IngressClassSpec;
}

export interface Secret extends KubeObject {
  readonly type?: string;
  readonly data?: Readonly<Record<string, string>> | null;
}

/** Which IngressClasses are ours (IngressClass reference: "controller"). */
export const INGRESS_CONTROLLER = 'sampan.io/ingress';
/** Of before networking.k8s.io/v1 had `ingressClassName`; still in use. */
const CLASS_ANNOTATION = 'kubernetes.io/ingress.class';

/** The Ingresses whose class is ours, older ones first: of two that want the same, the older one gets it. Pure. */
export function ingressesOf(
  ingresses: Iterable<Ingress>,
  classes: Iterable<IngressClass>,
): readonly Ingress[] {
  const ours = new Set(
    [...classes]
      .filter(({ spec }) => spec?.controller === INGRESS_CONTROLLER)
      .map(({ metadata }) => metadata.name),
  );
  return [...ingresses].filter((ingress) => ours.has(classOf(ingress))).sort(byAge);
}

const classOf = ({ spec, metadata }: Ingress): string | undefined =>
  spec?.ingressClassName ?? metadata.annotations?.[CLASS_ANNOTATION];

function byAge(a: Ingress, b: Ingress): number {
  const key = ({ metadata }: Ingress) =>
    `${metadata.creationTimestamp ?? ''} ${metadata.namespace ?? ''}/${metadata.name ?? ''}`;
  return key(a) < key(b) ? -1 : 1;
}
