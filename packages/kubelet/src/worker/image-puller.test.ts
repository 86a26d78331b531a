import { beforeEach, describe, expect, it } from 'vitest';
import type { ContainerRuntime, RegistryCredentials } from '../runtime/index.ts';
import { ImagePuller } from './image-puller.ts';
import { PulledImages } from './pulled-images.ts';

const IMAGE = 'registry.example/team/app:1';
const ANN = { username: 'ann', password: 'a' };
const BOB = { username: 'bob', password: 'b' };

/** A machine's images, and a registry that gives one to whoever it likes. */
class Images {
  readonly present = new Map<string, string>();
  readonly pulls: (RegistryCredentials | undefined)[] = [];
  allowed: (RegistryCredentials | undefined)[] = [ANN];

  readonly runtime = {
    imageStatus: async (name: string) => {
      const id = [...this.present].find(([image, each]) => image === name || each === name)?.[1];
      return id === undefined
        ? undefined
        : { id, tags: [], digests: [], size: 1, username: '', pinned: false };
    },
    pullImage: async (name: string, credentials?: RegistryCredentials) => {
      this.pulls.push(credentials);
      if (!this.allowed.some((each) => each?.username === credentials?.username)) throw new Error('denied');
      this.present.set(name, `sha256:${name}`);
      return `sha256:${name}`;
    },
  } as unknown as ContainerRuntime;
}

describe('an image that is there', () => {
  let images: Images;
  let text: string | undefined;
  let pulled: PulledImages;
  const open = () =>
    new PulledImages({
      read: () => text,
      write: (next) => {
        text = next;
      },
    });
  const use = (credentials?: RegistryCredentials, policy = 'IfNotPresent', image = IMAGE) =>
    new ImagePuller(images.runtime, pulled)
      .ensure({ name: 'app', image, imagePullPolicy: policy }, credentials, () => {})
      .then(
        () => 'used',
        ({ reason }: { reason: string }) => reason,
      );

  beforeEach(() => {
    images = new Images();
    text = undefined;
    pulled = open();
  });

  it('is used by whoever has the credentials that fetched it, in any cluster and after a restart', async () => {
    expect(await use(ANN)).toBe('used');
    expect(await use({ ...ANN, serverAddress: 'registry.example' })).toBe('used');
    pulled = open();
    expect(await use(ANN)).toBe('used');
    expect(images.pulls).toHaveLength(1);
    expect(text).not.toContain('ann');
  });

  it('is fetched again by whoever has none, or others', async () => {
    await use(ANN);
    expect(await use()).toBe('ErrImagePull');
    expect(await use(BOB)).toBe('ErrImagePull');
    expect(await use(BOB, 'Never')).toBe('ErrImageNeverPull');
    pulled = open();
    expect(await use()).toBe('ErrImagePull');
    images.allowed.push(BOB);
    expect(await use(BOB)).toBe('used');
    expect(await use(BOB, 'Never')).toBe('used');
    expect(images.pulls).toEqual([ANN, undefined, BOB, undefined, BOB]);
  });

  it('is for everybody when it was fetched without credentials, or came otherwise', async () => {
    images.allowed = [undefined];
    expect(await use()).toBe('used');
    expect(await use(BOB)).toBe('used');
    images.present.set('loaded.example/app:1', 'sha256:loaded');
    expect(await use(undefined, 'Never', 'loaded.example/app:1')).toBe('used');
    expect(images.pulls).toEqual([undefined]);
  });

  it('cannot be taken from others by whoever fails to fetch it', async () => {
    images.present.set(IMAGE, 'sha256:loaded');
    expect(await use(BOB, 'Always')).toBe('ErrImagePull');
    expect(await use()).toBe('used');
    await use(ANN, 'Always', 'registry.example/team/other:1');
    expect(await use(BOB, 'Always', 'registry.example/team/other:1')).toBe('ErrImagePull');
    expect(await use(ANN, 'IfNotPresent', 'registry.example/team/other:1')).toBe('used');
  });

  it('is known by its repository: the same content under another name is another thing', async () => {
    await use(ANN);
    images.present.set('other.example/app:1', `sha256:${IMAGE}`);
    expect(await use(ANN, 'Never', 'other.example/app:1')).toBe('ErrImageNeverPull');
    images.present.set('registry.example/team/app:2', `sha256:${IMAGE}`);
    expect(await use(ANN, 'Never', 'registry.example/team/app:2')).toBe('used');
  });

  it('is nobody’s when the process died as it was fetched', async () => {
    images.runtime.pullImage = async (name) => {
      images.present.set(name, 'sha256:half');
      return new Promise<string>(() => {});
    };
    void use(ANN);
    await new Promise((resolve) => setImmediate(resolve));
    pulled = open();
    expect(await use(undefined, 'Never')).toBe('ErrImageNeverPull');
  });

  it('is forgotten when it is gone', async () => {
    await use(ANN);
    pulled.keepOnly(new Set());
    expect(text).toBe('{"images":{},"pulling":[]}\n');
  });
});
