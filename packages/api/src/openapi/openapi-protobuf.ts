import { isObject } from '@sampan/base';
import type { Part } from './document.ts';
import { bytesField, type CustomMessage, type MessageTable, ProtobufWriter } from './protobuf-writer.ts';

/** Content-Type of the protobuf forms. Clients ask for them by this name or the older one with `@`. */
export const OPENAPI_V2_PROTOBUF = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';
export const OPENAPI_V3_PROTOBUF = 'application/com.github.proto-openapi.spec.v3.v1.0+protobuf';

/**
 * Which form of an OpenAPI document an Accept header asks for: the first acceptable one in its order, as
 * kube-openapi's handlers choose. Undefined: 406.
 */
export function openApiFormat(accept: string | undefined, version: 2 | 3): 'json' | 'protobuf' | undefined {
  if (!accept) return 'json';
  const protobuf = version === 2 ? OPENAPI_V2_PROTOBUF : OPENAPI_V3_PROTOBUF;
  for (const clause of accept.split(',')) {
    const type = clause.split(';', 1)[0]?.trim() ?? '';
    if (['application/json', 'application/*', '*/*'].includes(type)) return 'json';
    if (type.replace('@', '.') === protobuf) return 'protobuf';
  }
  return undefined;
}

/** gnostic's Any holds YAML text (field 2); JSON is YAML. */
const any: CustomMessage = (value) => bytesField(2, Buffer.from(`${JSON.stringify(value)}\n`));

/** A message that holds a list of strings in field 1. */
const strings: CustomMessage = (value) =>
  Buffer.concat(
    (Array.isArray(value) ? value : [value]).map((item) => bytesField(1, Buffer.from(String(item)))),
  );

const oneOf = (number: number, message: string, value: unknown, writer: ProtobufWriter): Buffer =>
  bytesField(number, writer.message(message, value));

const hasRef = (value: unknown): boolean => isObject(value) && typeof value.$ref === 'string';

/** A oneof of a thing (1) and a reference to one (2). */
const orReference =
  (message: string, reference: string): CustomMessage =>
  (value, writer) =>
    hasRef(value) ? oneOf(2, reference, value, writer) : oneOf(1, message, value, writer);

const itemsItem =
  (message: string): CustomMessage =>
  (value, writer) =>
    Buffer.concat((Array.isArray(value) ? value : [value]).map((item) => oneOf(1, message, item, writer)));

const additionalProperties =
  (message: string): CustomMessage =>
  (value, writer) =>
    typeof value === 'boolean' ? Buffer.from([0x10, value ? 1 : 0]) : oneOf(1, message, value, writer);

const BOUNDS = (first: number): string =>
  [
    'maximum:double',
    'exclusiveMaximum:bool',
    'minimum:double',
    'exclusiveMinimum:bool',
    'maxLength:int64',
    'minLength:int64',
    'pattern:string',
    'maxItems:int64',
    'minItems:int64',
    'uniqueItems:bool',
  ]
    .map((entry, index) => entry.replace(':', `=${first + index}:`))
    .join(' ');

/** gnostic openapiv2/OpenAPIv2.proto: what our documents use of it. */
const V2: MessageTable = {
  Document:
    'swagger=1 info=2:Info schemes=5* consumes=6* produces=7* paths=8:Paths definitions=9:map<Schema> security=12:map<StringArray>* securityDefinitions=13:map<SecurityDefinitionsItem> x-=16:Any*',
  Info: 'title=1 version=2 description=3 x-=7:Any*',
  Paths: 'x-=1:Any* /=2:PathItem*',
  PathItem:
    '$ref=1 get=2:Operation put=3:Operation post=4:Operation delete=5:Operation options=6:Operation head=7:Operation patch=8:Operation parameters=9:ParametersItem* x-=10:Any*',
  Operation:
    'tags=1* summary=2 description=3 operationId=5 produces=6* consumes=7* parameters=8:ParametersItem* responses=9:Responses schemes=10* deprecated=11:bool x-=13:Any*',
  ParametersItem: orReference('Parameter', 'JsonReference'),
  Parameter: (value, writer) =>
    (value as Part).in === 'body'
      ? oneOf(1, 'BodyParameter', value, writer)
      : oneOf(2, 'NonBodyParameter', value, writer),
  NonBodyParameter: (value, writer) =>
    (value as Part).in === 'path'
      ? oneOf(4, 'PathParameter', value, writer)
      : oneOf(3, 'QueryParameter', value, writer),
  BodyParameter: 'description=1 name=2 in=3 required=4:bool schema=5:Schema x-=6:Any*',
  QueryParameter: `required=1:bool in=2 description=3 name=4 allowEmptyValue=5:bool type=6 format=7 default=10:Any ${BOUNDS(11)} enum=21:Any* x-=23:Any*`,
  PathParameter: `required=1:bool in=2 description=3 name=4 type=5 format=6 default=9:Any ${BOUNDS(10)} enum=20:Any* x-=22:Any*`,
  JsonReference: '$ref=1 description=2',
  Responses: 'x-=2:Any* #=1:ResponseValue*',
  ResponseValue: orReference('Response', 'JsonReference'),
  Response: 'description=1 schema=2:SchemaItem x-=5:Any*',
  SchemaItem: (value, writer) => oneOf(1, 'Schema', value, writer),
  Schema: `$ref=1 format=2 title=3 description=4 default=5:Any multipleOf=6:double ${BOUNDS(7)} maxProperties=17:int64 minProperties=18:int64 required=19* enum=20:Any* additionalProperties=21:AdditionalPropertiesItem type=22:StringArray items=23:ItemsItem allOf=24:Schema* properties=25:map<Schema> discriminator=26 readOnly=27:bool externalDocs=29:ExternalDocs example=30:Any x-=31:Any*`,
  AdditionalPropertiesItem: additionalProperties('Schema'),
  ItemsItem: itemsItem('Schema'),
  ExternalDocs: 'description=1 url=2',
  SecurityDefinitionsItem: (value, writer) => oneOf(2, 'ApiKeySecurity', value, writer),
  ApiKeySecurity: 'type=1 name=2 in=3 description=4',
  StringArray: strings,
  Any: any,
};

/** Defaults can be scalars only. */
const defaultType: CustomMessage = (value) => {
  if (typeof value === 'boolean') return Buffer.from([0x10, value ? 1 : 0]);
  if (typeof value === 'string') return bytesField(3, Buffer.from(value));
  const content = Buffer.alloc(9);
  content[0] = 0x09;
  if (typeof value === 'number') content.writeDoubleLE(value, 1);
  return typeof value === 'number' ? content : Buffer.alloc(0);
};

/** gnostic openapiv3/OpenAPIv3.proto: what our documents use of it. */
const V3: MessageTable = {
  Document: 'openapi=1 info=2:Info paths=4:Paths components=5:Components x-=9:Any*',
  Info: 'title=1 description=2 version=6 x-=7:Any*',
  Components: 'schemas=1:map<SchemaOrReference> securitySchemes=7:map<SecuritySchemeOrReference> x-=10:Any*',
  Paths: '/=1:PathItem* x-=2:Any*',
  PathItem:
    '$ref=1 summary=2 description=3 get=4:Operation put=5:Operation post=6:Operation delete=7:Operation options=8:Operation head=9:Operation patch=10:Operation parameters=13:ParameterOrReference* x-=14:Any*',
  Operation:
    'tags=1* summary=2 description=3 operationId=5 parameters=6:ParameterOrReference* requestBody=7:RequestBodyOrReference responses=8:Responses deprecated=10:bool x-=13:Any*',
  ParameterOrReference: orReference('Parameter', 'Reference'),
  Parameter: 'name=1 in=2 description=3 required=4:bool schema=10:SchemaOrReference x-=14:Any*',
  RequestBodyOrReference: orReference('RequestBody', 'Reference'),
  RequestBody: 'description=1 content=2:map<MediaType> required=3:bool x-=4:Any*',
  MediaType: 'schema=1:SchemaOrReference x-=5:Any*',
  Responses: 'default=1:ResponseOrReference x-=3:Any* #=2:ResponseOrReference*',
  ResponseOrReference: orReference('Response', 'Reference'),
  Response: 'description=1 content=3:map<MediaType> x-=5:Any*',
  SchemaOrReference: orReference('Schema', 'Reference'),
  Schema: `nullable=1:bool readOnly=3:bool writeOnly=4:bool externalDocs=6:ExternalDocs example=7:Any deprecated=8:bool title=9 multipleOf=10:double ${BOUNDS(11)} maxProperties=21:int64 minProperties=22:int64 required=23* enum=24:Any* type=25 allOf=26:SchemaOrReference* oneOf=27:SchemaOrReference* anyOf=28:SchemaOrReference* not=29:Schema items=30:ItemsItem properties=31:map<SchemaOrReference> additionalProperties=32:AdditionalPropertiesItem default=33:DefaultType description=34 format=35 x-=36:Any*`,
  AdditionalPropertiesItem: additionalProperties('SchemaOrReference'),
  ItemsItem: itemsItem('SchemaOrReference'),
  DefaultType: defaultType,
  ExternalDocs: 'description=1 url=2',
  Reference: '$ref=1 description=3',
  SecuritySchemeOrReference: (value, writer) => oneOf(1, 'SecurityScheme', value, writer),
  SecurityScheme: 'type=1 description=2 name=3 in=4',
  Any: any,
};

/**
 * An OpenAPI v2 document (`openApiV2`) as the gnostic protobuf message. `encoded` keeps the bytes of its paths and
 * definitions: those that are the same objects next time are not written again.
 */
export function openApiV2Protobuf(document: Part, encoded?: WeakMap<object, Buffer>): Buffer {
  const parts = new Set<unknown>(
    [document.paths, document.definitions].flatMap((part) => Object.values(part as Part)),
  );
  return new ProtobufWriter(V2, encoded && { parts, encoded }).message('Document', document);
}

/** An OpenAPI v3 document (`openApiV3`) as the gnostic protobuf message. */
export function openApiV3Protobuf(document: Part): Buffer {
  return new ProtobufWriter(V3).message('Document', document);
}
