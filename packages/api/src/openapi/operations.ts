import { goPackageOf, modelOf } from '../kinds/kinds.ts';
import type { SubresourceDefinition, Verb } from '../kinds/resource.ts';
import { tableFields } from '../schema/table.ts';
import { customModel } from './custom.ts';
import { META, type OpenApiDefinition } from './document.ts';
import {
  NAMESPACE,
  nameOf,
  OPTIONS,
  type Parameter,
  PRETTY,
  PROXY_PATH,
  queryParameter,
} from './parameters.ts';

export type Method = 'get' | 'put' | 'post' | 'delete' | 'patch' | 'options' | 'head';

/** One operation of a path, in a form that both OpenAPI versions are written from. */
export interface Operation {
  readonly path: string;
  readonly method: Method;
  readonly action: string;
  readonly id: string;
  readonly tag: string;
  readonly description: string;
  readonly gvk: { readonly group: string; readonly version: string; readonly kind: string };
  /** Parameters that all operations of the path have. */
  readonly pathParameters: readonly Parameter[];
  readonly parameters: readonly Parameter[];
  /** Model of the request body. */
  readonly body?: string;
  readonly bodyRequired?: boolean;
  /** Model of the answer; absent: text. */
  readonly answer?: string;
  /** Status codes beside 200 with the same answer. */
  readonly codes: readonly number[];
  readonly consumes: readonly string[];
  readonly produces: readonly string[];
}

const OBJECT_TYPES = ['application/json', 'application/yaml'];
const STREAM_TYPES = [...OBJECT_TYPES, 'application/json;stream=watch'];
const PATCH_TYPES = ['application/json-patch+json', 'application/merge-patch+json'];
const APPLY_TYPE = 'application/apply-patch+yaml';
const STRATEGIC_TYPE = 'application/strategic-merge-patch+json';

const SCALE = 'io.k8s.api.autoscaling.v1.Scale';
const STATUS = `${META}.Status`;

/** apiserver's ToValidOperationID. */
function camel(text: string, capitalizeFirst: boolean): string {
  const made = text.replace(/[^A-Za-z0-9_]+(.)?/g, (_, next: string | undefined) =>
    (next ?? '').toUpperCase(),
  );
  return capitalizeFirst ? made.slice(0, 1).toUpperCase() + made.slice(1) : made;
}

/** apiserver's GetArticleForNoun, with a space on both sides; plurals have none. */
function article(noun: string): string {
  if (/[^s]s$/.test(noun)) return ' ';
  return /^[aeiou]/i.test(noun) ? ' an ' : ' a ';
}

/** Kinds whose DELETE answers with the object (upstream's ReturnDeletedObject). */
const RETURNS_DELETED: ReadonlySet<string> = new Set([
  '/PersistentVolume',
  '/PersistentVolumeClaim',
  '/Pod',
  '/PodTemplate',
  '/ResourceQuota',
  '/Service',
  '/ServiceAccount',
  'storage.k8s.io/CSIDriver',
  'storage.k8s.io/CSINode',
  'storage.k8s.io/StorageClass',
  'storage.k8s.io/VolumeAttachment',
  'storage.k8s.io/VolumeAttributesClass',
]);
const title = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);

/** All operations of a resource. */
export function operationsOf(definition: OpenApiDefinition): Operation[] {
  return new ResourceOperations(definition).build();
}

class ResourceOperations {
  #definition: OpenApiDefinition;
  #operations: Operation[] = [];
  #prefix: string;
  #groupId: string;
  #tag: string;
  #model: string;
  #listModel: string;

  constructor(definition: OpenApiDefinition) {
    const { group, version, kind } = definition;
    const list = { group, version, kind: definition.listKind ?? `${kind}List` };
    const trimmed = group === '' ? 'core' : group.replace(/\.k8s\.io$/, '');
    this.#definition = definition;
    this.#prefix = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
    this.#groupId = camel(trimmed, true) + camel(version, true);
    this.#tag = `${camel(trimmed, false)}_${camel(version, false)}`;
    this.#model = definition.custom ? customModel(definition) : modelOf(definition);
    this.#listModel = definition.custom ? customModel(list) : modelOf(list);
  }

  build(): Operation[] {
    const { namespaced, resource, rules, scale, subresources = {} } = this.#definition;
    const root = namespaced
      ? `${this.#prefix}/namespaces/{namespace}/${resource}`
      : `${this.#prefix}/${resource}`;
    if (this.#has('list') && namespaced) this.#list(`${this.#prefix}/${resource}`, 'ForAllNamespaces');
    this.#collection(root);
    this.#item(`${root}/{name}`);
    if (rules.status) this.#readWrite(`${root}/{name}/status`, 'status', this.#model);
    if (scale) this.#readWrite(`${root}/{name}/scale`, 'scale', SCALE);
    for (const [name, subresource] of Object.entries(subresources)) {
      this.#subresource(`${root}/{name}/${name}`, name, subresource);
    }
    if (this.#has('watch') && !this.#definition.custom) this.#watches(resource, namespaced);
    return this.#operations;
  }

  #has(verb: Verb): boolean {
    return this.#definition.verbs?.includes(verb) ?? true;
  }

  #add(
    path: string,
    method: Method,
    action: string,
    verb: string,
    more: {
      rest?: string;
      description: string;
      answer?: string;
      parameters?: readonly Parameter[];
      body?: string;
      bodyRequired?: boolean;
      codes?: readonly number[];
      consumes?: readonly string[];
      produces?: readonly string[];
      gvk?: Operation['gvk'];
    },
  ): void {
    const { group, version, kind } = this.#definition;
    const scoped = path.includes('{namespace}') ? 'Namespaced' : '';
    this.#operations.push({
      path,
      method,
      action,
      id: `${verb}${this.#groupId}${more.rest ?? `${scoped}${kind}`}`,
      tag: this.#tag,
      description: more.description,
      gvk: more.gvk ?? { group, version, kind },
      pathParameters: this.#pathParameters(path),
      parameters: more.parameters ?? [],
      codes: more.codes ?? [],
      consumes: more.consumes ?? ['*/*'],
      produces: more.produces ?? OBJECT_TYPES,
      ...(more.body ? { body: more.body, bodyRequired: more.bodyRequired ?? true } : {}),
      ...(more.answer ? { answer: more.answer } : {}),
    });
  }

  #pathParameters(path: string): Parameter[] {
    const list: Parameter[] = [];
    if (path.includes('{name}')) list.push(nameOf(this.#definition.kind));
    if (path.includes('{namespace}')) list.push(NAMESPACE);
    if (path.includes('{path}')) list.push(PROXY_PATH);
    return [...list, PRETTY];
  }

  #scoped(path: string): string {
    return `${path.includes('{namespace}') ? 'Namespaced' : ''}${this.#definition.kind}`;
  }

  #list(path: string, suffix: string): void {
    const { kind } = this.#definition;
    this.#add(path, 'get', 'list', 'list', {
      rest: `${this.#scoped(path)}${suffix}`,
      description: `${this.#has('watch') ? 'list or watch' : 'list'} objects of kind ${kind}`,
      answer: this.#listModel,
      parameters: OPTIONS.list ?? [],
      produces: this.#has('watch') ? STREAM_TYPES : OBJECT_TYPES,
    });
  }

  #collection(path: string): void {
    const { kind } = this.#definition;
    if (this.#has('list')) this.#list(path, '');
    if (this.#has('create')) {
      this.#add(path, 'post', 'post', 'create', {
        description: `create${article(kind)}${kind}`,
        answer: this.#model,
        body: this.#model,
        parameters: OPTIONS.post ?? [],
        codes: [201, 202],
      });
    }
    if (this.#has('deletecollection')) {
      this.#add(path, 'delete', 'deletecollection', 'delete', {
        rest: `Collection${this.#scoped(path)}`,
        description: `delete collection of ${kind}`,
        answer: STATUS,
        body: `${META}.DeleteOptions`,
        bodyRequired: false,
        parameters: OPTIONS.deletecollection ?? [],
      });
    }
  }

  #item(path: string): void {
    const { kind } = this.#definition;
    if (this.#has('get')) {
      this.#add(path, 'get', 'get', 'read', {
        description: `read the specified ${kind}`,
        answer: this.#model,
      });
    }
    if (this.#has('update')) this.#put(path, '', this.#model);
    if (this.#has('delete')) {
      this.#add(path, 'delete', 'delete', 'delete', {
        description: `delete${article(kind)}${kind}`,
        answer: RETURNS_DELETED.has(`${this.#definition.group}/${kind}`) ? this.#model : STATUS,
        body: `${META}.DeleteOptions`,
        bodyRequired: false,
        parameters: OPTIONS.delete ?? [],
        codes: [202],
      });
    }
    if (this.#has('patch')) this.#patch(path, '', this.#model);
  }

  #put(path: string, subresource: string, model: string, gvk?: Operation['gvk']): void {
    const of = subresource === '' ? '' : `${subresource} of `;
    this.#add(path, 'put', 'put', 'replace', {
      rest: `${this.#scoped(path)}${title(subresource)}`,
      description: `replace ${of}the specified ${this.#definition.kind}`,
      answer: model,
      body: model,
      parameters: OPTIONS.put ?? [],
      codes: [201],
      ...(gvk ? { gvk } : {}),
    });
  }

  #patch(path: string, subresource: string, model: string, gvk?: Operation['gvk']): void {
    const { custom, kind } = this.#definition;
    const of = subresource === '' ? '' : `${subresource} of `;
    this.#add(path, 'patch', 'patch', 'patch', {
      rest: `${this.#scoped(path)}${title(subresource)}`,
      description: `partially update ${of}the specified ${kind}`,
      answer: model,
      body: `${META}.Patch`,
      parameters: OPTIONS.patch ?? [],
      codes: custom ? [] : [201],
      consumes: custom ? [...PATCH_TYPES, APPLY_TYPE] : [...PATCH_TYPES, STRATEGIC_TYPE, APPLY_TYPE],
      ...(gvk ? { gvk } : {}),
    });
  }

  #get(path: string, subresource: string, model: string, gvk?: Operation['gvk']): void {
    this.#add(path, 'get', 'get', 'read', {
      rest: `${this.#scoped(path)}${title(subresource)}`,
      description: `read ${subresource} of the specified ${this.#definition.kind}`,
      answer: model,
      ...(gvk ? { gvk } : {}),
    });
  }

  #readWrite(path: string, subresource: string, model: string): void {
    const gvk = model === SCALE ? { group: 'autoscaling', version: 'v1', kind: 'Scale' } : undefined;
    this.#get(path, subresource, model, gvk);
    this.#put(path, subresource, model, gvk);
    this.#patch(path, subresource, model, gvk);
  }

  #subresource(path: string, name: string, subresource: SubresourceDefinition): void {
    const { group, version, kind } = this.#definition;
    const gvk = {
      group: subresource.group ?? group,
      version: subresource.version ?? version,
      kind: subresource.kind,
    };
    if (subresource.kind.endsWith('Options')) {
      this.#connect(path, name, subresource, gvk);
      return;
    }
    if (name === 'log') {
      this.#log(path);
      return;
    }
    const model = modelOf(gvk);
    for (const verb of subresource.verbs) {
      if (verb === 'get') this.#get(path, name, model, gvk);
      else if (verb === 'update') this.#put(path, name, model, gvk);
      else if (verb === 'patch') this.#patch(path, name, model, gvk);
      else if (verb === 'create') {
        this.#add(path, 'post', 'post', 'create', {
          rest: `${this.#scoped(path)}${title(name)}`,
          description: `create ${name} of${article(kind)}${kind}`,
          answer: model,
          body: model,
          parameters: OPTIONS.post ?? [],
          codes: [201, 202],
          gvk,
        });
      }
    }
  }

  #log(path: string): void {
    this.#add(path, 'get', 'get', 'read', {
      rest: `${this.#scoped(path)}Log`,
      description: `read log of the specified ${this.#definition.kind}`,
      parameters: optionsOf('core.v1.PodLogOptions'),
      produces: ['text/plain', ...OBJECT_TYPES],
    });
  }

  #connect(path: string, name: string, subresource: SubresourceDefinition, gvk: Operation['gvk']): void {
    const methods: Method[] =
      name === 'proxy' ? ['get', 'put', 'post', 'delete', 'options', 'head', 'patch'] : ['get', 'post'];
    const paths = name === 'proxy' ? [path, `${path}/{path}`] : [path];
    const options = `${goPackageOf(gvk.group)}.${gvk.version}.${subresource.kind}`;
    for (const one of paths) {
      const suffix = one === path ? '' : 'WithPath';
      for (const method of methods) {
        this.#add(one, method, 'connect', 'connect', {
          rest: `${title(method)}${this.#scoped(one)}${title(name)}${suffix}`,
          description: `connect ${method.toUpperCase()} requests to ${name} of ${this.#definition.kind}`,
          parameters: optionsOf(options),
          produces: ['*/*'],
          gvk,
        });
      }
    }
  }

  #watches(resource: string, namespaced: boolean): void {
    const { kind } = this.#definition;
    const watch = (path: string, action: string, suffix: string, description: string): void =>
      this.#add(path, 'get', action, 'watch', {
        rest: `${this.#scoped(path)}${suffix}`,
        description,
        answer: `${META}.WatchEvent`,
        parameters: OPTIONS.watch ?? [],
        produces: STREAM_TYPES,
      });
    const list = `watch individual changes to a list of ${kind}. deprecated: use the 'watch' parameter with a list operation instead.`;
    const one = `watch changes to an object of kind ${kind}. deprecated: use the 'watch' parameter with a list operation instead, filtered to a single item with the 'fieldSelector' parameter.`;
    const root = `${this.#prefix}/watch/${namespaced ? 'namespaces/{namespace}/' : ''}${resource}`;
    if (namespaced) watch(`${this.#prefix}/watch/${resource}`, 'watchlist', 'ListForAllNamespaces', list);
    watch(root, 'watchlist', 'List', list);
    watch(`${root}/{name}`, 'watch', '', one);
  }
}

const PARAMETER_TYPES: Readonly<Record<string, Parameter['type']>> = {
  bool: 'boolean',
  int32: 'integer',
  int64: 'integer',
};

/** The query parameters that a connect or log request takes: the fields of its options. */
function optionsOf(short: string): Parameter[] {
  return (tableFields(short) ?? [])
    .filter((field) => field.name !== 'kind' && field.name !== 'apiVersion')
    .map((field) =>
      queryParameter(field.name, PARAMETER_TYPES[field.type.replace(/^\*|^\[\]/, '')] ?? 'string'),
    )
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}
