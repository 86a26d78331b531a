import type { KubeObject } from '@sampan/api';
import type { ObjectReader } from '@sampan/machinery';
import type { AdmissionPlugin } from './contract.ts';
import { on } from './forbidden.ts';

interface Defaulted {
  readonly name: string;
  /** What gets a class, and the class. */
  readonly collection: string;
  readonly classes: string;
  readonly field: string;
  /** Annotation that names a class in the place of the field. */
  readonly annotation: string;
  /** Annotations of a class that make it the default. */
  readonly marks: readonly string[];
}

/** The newest of the default classes, by name among those of one second. */
function defaultOf(classes: readonly KubeObject[], marks: readonly string[]): string | undefined {
  const defaults = classes.filter(({ metadata }) =>
    marks.some((mark) => metadata.annotations?.[mark] === 'true'),
  );
  defaults.sort(
    ({ metadata: a }, { metadata: b }) =>
      compare(b.creationTimestamp ?? '', a.creationTimestamp ?? '') || compare(a.name ?? '', b.name ?? ''),
  );
  return defaults[0]?.metadata.name;
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function defaultClass(reader: ObjectReader, what: Defaulted): AdmissionPlugin {
  return {
    name: what.name,
    handles: on(what.collection, 'CREATE'),
    admit({ object }) {
      if (!object || object.spec?.[what.field] !== undefined) return;
      if (object.metadata.annotations?.[what.annotation] !== undefined) return;
      const name = defaultOf(reader.list(what.classes), what.marks);
      if (name !== undefined) object.spec = { ...object.spec, [what.field]: name };
    },
  };
}

/** Claims without a class get the default one (Kubernetes docs "Default StorageClass"). */
export const defaultStorageClass = (reader: ObjectReader): AdmissionPlugin =>
  defaultClass(reader, {
    name: 'DefaultStorageClass',
    collection: 'persistentvolumeclaims',
    classes: 'storageclasses.storage.k8s.io',
    field: 'storageClassName',
    annotation: 'volume.beta.kubernetes.io/storage-class',
    marks: [
      'storageclass.kubernetes.io/is-default-class',
      'storageclass.beta.kubernetes.io/is-default-class',
    ],
  });

/** Ingresses without a class get the default one (Kubernetes docs "Default IngressClass"). */
export const defaultIngressClass = (reader: ObjectReader): AdmissionPlugin =>
  defaultClass(reader, {
    name: 'DefaultIngressClass',
    collection: 'ingresses.networking.k8s.io',
    classes: 'ingressclasses.networking.k8s.io',
    field: 'ingressClassName',
    annotation: 'kubernetes.io/ingress.class',
    marks: ['ingressclass.kubernetes.io/is-default-class'],
  });
