export type Level = 'privileged' | 'baseline' | 'restricted';
