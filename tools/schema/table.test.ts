import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { PACKAGES } from './packages.ts';
import { TableBuilder } from './table.ts';
import { renderTypes } from './typescript.ts';

const source = mkdtempSync(join(tmpdir(), 'sampan-schema-'));
afterAll(() => rmSync(source, { recursive: true }));

const CORE = `package v1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

// Protocol of a port.
// +enum
type Protocol string

const (
	// ProtocolTCP is TCP.
	ProtocolTCP Protocol = "TCP"
	ProtocolUDP Protocol = "UDP"
)

type Source struct {
	// +optional
	EmptyDir *Empty \`json:"emptyDir,omitempty" protobuf:"bytes,2,opt,name=emptyDir"\`
}

// +structType=atomic
type Empty struct{}

// Thing is a thing.
type Thing struct {
	metav1.TypeMeta \`json:",inline"\`
	Source          \`json:",inline" protobuf:"bytes,2,opt,name=source"\`

	// ports, with a key.
	// +optional
	// +patchStrategy=merge
	// +listType=map
	// +listMapKey=port
	// +listMapKey=protocol
	Ports []string \`json:"ports,omitempty" patchStrategy:"merge" patchMergeKey:"port" protobuf:"bytes,3,rep,name=ports"\`
	// +default=ref(ProtocolTCP)
	Protocol Protocol \`json:"protocol" protobuf:"bytes,4,opt,name=protocol,casttype=Protocol"\`
	Sizes    map[Protocol]resource.Quantity \`json:"sizes,omitempty"\`
	Time     metav1.Time                    \`json:"time,omitempty"\`
}
`;
const META = `package v1

type TypeMeta struct {
	Kind string \`json:"kind,omitempty" protobuf:"bytes,1,opt,name=kind"\`
}
`;

for (const { path } of PACKAGES) mkdirSync(join(source, path), { recursive: true });
writeFileSync(join(source, 'k8s.io/api/core/v1/types.go'), CORE);
writeFileSync(join(source, 'k8s.io/apimachinery/pkg/apis/meta/v1/types.go'), META);
const table = new TableBuilder(source).build();

it('reads fields with embedded structs, tags and markers', () => {
  expect(table.structs['core.v1.Thing']).toEqual([
    'kind string omit',
    'emptyDir *core.v1.Empty pb=2.2,bytes omit',
    'ports []string pb=3,bytes omit patch=merge key=port list=map keys=port,protocol',
    'protocol core.v1.Protocol pb=4,bytes req default="TCP"',
    'sizes {core.v1.Protocol}quantity omit',
    'time time',
  ]);
  expect(table.atomic).toEqual(['core.v1.Empty']);
  expect(table.enums).toEqual({ 'core.v1.Protocol': ['TCP', 'UDP'] });
});

it('renders the wire form as TypeScript', () => {
  expect(renderTypes(table)).toContain(
    [
      'export interface Thing {',
      '  kind?: string;',
      '  emptyDir?: Empty;',
      '  ports?: string[];',
      '  protocol: string;',
      '  sizes?: Record<string, string>;',
      '  time?: string | null;',
      '}',
    ].join('\n'),
  );
});
