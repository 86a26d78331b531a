/** Small objects that the tests with kubectl share. */

export function configMap(name: string, data: Record<string, string>, labels?: Record<string, string>) {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, ...(labels ? { labels } : {}) }, data };
}

export function deployment(name: string, image: string, replicas = 2) {
  const labels = { app: name };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, labels },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { containers: [{ name: 'c', image, ports: [{ containerPort: 80 }] }] },
      },
    },
  };
}

export function pod(name: string, spec: Record<string, unknown> = {}) {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: { run: name } },
    spec: { containers: [{ name: 'c', image: 'nginx' }], ...spec },
  };
}

/** A kind of custom resource, Boat, with status, scale and a column. */
export function boats(group: string) {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `boats.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { plural: 'boats', singular: 'boat', kind: 'Boat', shortNames: ['bt'], categories: ['all'] },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          subresources: {
            status: {},
            scale: { specReplicasPath: '.spec.oars', statusReplicasPath: '.status.oars' },
          },
          additionalPrinterColumns: [{ name: 'Oars', type: 'integer', jsonPath: '.spec.oars' }],
          schema: { openAPIV3Schema: BOAT },
        },
      ],
    },
  };
}

const BOAT = {
  type: 'object',
  description: 'A boat.',
  properties: {
    spec: {
      type: 'object',
      description: 'What it is.',
      properties: { oars: { type: 'integer', minimum: 0, default: 2, description: 'How many.' } },
    },
    status: { type: 'object', properties: { oars: { type: 'integer' } } },
  },
};
