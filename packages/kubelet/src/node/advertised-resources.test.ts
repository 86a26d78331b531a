import { expect, it } from 'vitest';
import { advertisedResources } from './advertised-resources.ts';

const OWN = { capacity: { cpu: '4' }, allocatable: { cpu: '3' } };

it('makes what others put into the capacity usable', () => {
  const seen = { capacity: { cpu: '4', 'example.com/dongle': '2' }, allocatable: { cpu: '3' } };
  expect(advertisedResources(OWN, seen)).toEqual({ 'example.com/dongle': '2' });
});

it('takes away what is no longer there', () => {
  const seen = { capacity: { cpu: '4' }, allocatable: { cpu: '3', 'example.com/dongle': '2' } };
  expect(advertisedResources(OWN, seen)).toEqual({ 'example.com/dongle': null });
});

it('leaves alone what is right, and what the node tells itself', () => {
  const seen = { capacity: { cpu: '8', 'a.b/c': '1' }, allocatable: { cpu: '8', 'a.b/c': '1' } };
  expect(advertisedResources(OWN, seen)).toEqual({});
  expect(advertisedResources(OWN, undefined)).toEqual({});
});
