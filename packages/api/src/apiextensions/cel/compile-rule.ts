import type { ValidationRule } from '../json-schema.ts';
import { CompileError } from './ast.ts';
import { type Checked, check } from './check/checker.ts';
import { estimateCost } from './cost/estimate.ts';
import { type DeclType, maxCardinality } from './decl-type.ts';
import { type Program, program } from './evaluate.ts';
import { parse } from './parser.ts';
import { type CelType, optionalOf } from './types.ts';
import { CelError } from './values.ts';

export const SELF = 'self';
export const OLD_SELF = 'oldSelf';
const VARIABLES = [SELF, OLD_SELF];

/** What became of a rule; upstream's CompilationResult. */
export interface CompiledRule {
  readonly rule: ValidationRule;
  readonly program?: Program;
  /** Why there is no program; in upstream's words. */
  readonly error?: string;
  readonly usesOldSelf: boolean;
  readonly maxCost: number;
  /** How often the rule could run below unbounded lists and maps. */
  readonly maxCardinality: number;
  readonly message?: Program;
  readonly messageError?: string;
  readonly messageMaxCost: number;
}

/** Compiles the rules of one schema. */
export function compileRules(rules: readonly ValidationRule[], decl: DeclType): CompiledRule[] {
  const cardinality = maxCardinality(decl);
  return rules.map((rule) => compileRule(rule, decl, cardinality));
}

function compileRule(rule: ValidationRule, decl: DeclType, cardinality: number): CompiledRule {
  const base = { rule, usesOldSelf: false, maxCost: 0, maxCardinality: cardinality, messageMaxCost: 0 };
  if (rule.rule.trim() === '') return base;
  const variables = new Map<string, CelType>([
    [SELF, decl.type],
    [OLD_SELF, rule.optionalOldSelf ? optionalOf(decl.type) : decl.type],
  ]);
  const made = compile(rule.rule, variables, decl, 'bool');
  if ('error' in made) {
    const text =
      made.stage === 'type'
        ? 'cel expression must evaluate to a bool'
        : `${STAGES[made.stage]}: ${made.error}`;
    return { ...base, error: text };
  }
  const usesOldSelf = made.checked.variables.has(OLD_SELF);
  const compiled = { ...base, program: made.program, usesOldSelf, maxCost: made.maxCost };
  if (!rule.messageExpression) return compiled;
  const message = compile(rule.messageExpression, variables, decl, 'string');
  if ('error' in message) {
    const text =
      message.stage === 'type'
        ? 'messageExpression must evaluate to a string'
        : `messageExpression ${message.stage === 'compile' ? 'compilation failed' : 'instantiation failed'}: ${message.error}`;
    return { ...compiled, messageError: text };
  }
  return { ...compiled, message: message.program, messageMaxCost: message.maxCost };
}

type Stage = 'compile' | 'type' | 'program';
const STAGES: Readonly<Record<Stage, string>> = {
  compile: 'compilation failed',
  type: '',
  program: 'program instantiation failed',
};

type Made =
  | { readonly checked: Checked; readonly program: Program; readonly maxCost: number }
  | { readonly error: string; readonly stage: Stage };

function compile(
  source: string,
  variables: ReadonlyMap<string, CelType>,
  decl: DeclType,
  result: string,
): Made {
  try {
    const expr = parse(source);
    const checked = check(source, expr, variables);
    const type = checked.types.get(expr.id);
    if (type?.kind !== result) return { error: '', stage: 'type' };
    return { checked, program: program(checked, VARIABLES), maxCost: estimateCost(checked, decl).max };
  } catch (error) {
    if (error instanceof CompileError) return { error: error.message, stage: 'compile' };
    if (error instanceof CelError) return { error: error.message, stage: 'program' };
    if (error instanceof RangeError) return { error: 'expression is nested too deeply', stage: 'compile' };
    throw error;
  }
}
