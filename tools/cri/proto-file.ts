export interface ProtoField {
  readonly name: string;
  readonly number: number;
  /** As in the file: `string`, `int64`, a message, an enum. */
  readonly type: string;
  readonly repeated: boolean;
  /** Of a map: the type of its keys; `type` is that of its values. */
  readonly key?: string;
}

export interface ProtoMethod {
  readonly service: string;
  readonly name: string;
  readonly request: string;
  readonly response: string;
  readonly streams: boolean;
}

export interface ProtoFile {
  readonly messages: ReadonlyMap<string, readonly ProtoField[]>;
  readonly enums: ReadonlyMap<string, ReadonlyMap<string, number>>;
  readonly methods: readonly ProtoMethod[];
}

const FIELD = /^(repeated\s+)?(?:map<(\w+),\s*(\w+)>|(\w+))\s+(\w+)\s*=\s*(\d+)/;
const METHOD = /^rpc\s+(\w+)\((\w+)\)\s+returns\s+\((stream\s+)?(\w+)\)/;
const BLOCK = /^(message|enum|service|oneof)\s+(\w+)\s*\{(\s*\})?/;

/** Reads the proto3 that the CRI is written in: no nested messages, no imports, one statement a line. */
export function parseProto(text: string): ProtoFile {
  const file = {
    messages: new Map<string, ProtoField[]>(),
    enums: new Map<string, Map<string, number>>(),
    methods: [] as ProtoMethod[],
  };
  const open: { kind: string; name: string }[] = [];
  for (const raw of text.split('\n')) {
    const line = raw.replace(/\/\/.*/, '').trim();
    const block = BLOCK.exec(line);
    if (block?.[1] && block[2]) {
      if (block[1] === 'message') file.messages.set(block[2], []);
      if (block[1] === 'enum') file.enums.set(block[2], new Map());
      if (!block[3]) open.push({ kind: block[1], name: block[2] });
    } else if (line === '}') open.pop();
    else readStatement(file, open, line);
  }
  return file;
}

function readStatement(
  file: {
    messages: Map<string, ProtoField[]>;
    enums: Map<string, Map<string, number>>;
    methods: ProtoMethod[];
  },
  open: readonly { kind: string; name: string }[],
  line: string,
): void {
  const within = open.findLast(({ kind }) => kind !== 'oneof');
  if (within?.kind === 'service') {
    const [, name, request, stream, response] = METHOD.exec(line) ?? [];
    if (name && request && response) {
      file.methods.push({ service: within.name, name, request, response, streams: stream !== undefined });
    }
  } else if (within?.kind === 'enum') {
    const [, name, value] = /^(\w+)\s*=\s*(\d+)/.exec(line) ?? [];
    if (name) file.enums.get(within.name)?.set(name, Number(value));
  } else if (within?.kind === 'message') {
    const [, repeated, key, value, type, name, number] = FIELD.exec(line) ?? [];
    if (!name) return;
    file.messages.get(within.name)?.push({
      name,
      number: Number(number),
      type: value ?? type ?? '',
      repeated: repeated !== undefined,
      ...(key === undefined ? {} : { key }),
    });
  }
}
