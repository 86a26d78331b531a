/** Field paths as apimachinery's field.Path prints them. An error without a path shows `<nil>`. */
export const NO_PATH = '<nil>';

export const childField = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`);
export const indexField = (path: string, index: number): string => `${path}[${index}]`;
export const keyField = (path: string, key: string): string => `${path}[${key}]`;
