import type { Tensor, Tensors } from "./Quantiser.ts";

const FIRST = 0.9;
const SECOND = 0.999;
const SMALL = 1e-8;

/**
 * One step of Adam (Kingma and Ba 2015, algorithm 1, β₁ 0.9, β₂ 0.999, ε 1e-8) on the parameters that `gradients` names.
 * The moments stand beside the parameters as `NAME.m` and `NAME.v`, absent before the first step.
 * @param step counts from 1.
 */
export function adamStep(state: Tensors, gradients: Tensors, rate: number, step: number): Tensors {
  const next: Record<string, Tensor> = { ...state };
  for (const [name, { data: gradient }] of Object.entries(gradients)) {
    const { shape, data } = state[name] as Tensor;
    const m = state[`${name}.m`]?.data.slice() ?? new Float32Array(data.length);
    const v = state[`${name}.v`]?.data.slice() ?? new Float32Array(data.length);
    const moved = data.slice();
    for (let i = 0; i < data.length; i++) {
      const g = gradient[i] as number;
      m[i] = FIRST * (m[i] as number) + (1 - FIRST) * g;
      v[i] = SECOND * (v[i] as number) + (1 - SECOND) * g * g;
      const first = (m[i] as number) / (1 - FIRST ** step);
      const second = (v[i] as number) / (1 - SECOND ** step);
      moved[i] = (data[i] as number) - (rate * first) / (Math.sqrt(second) + SMALL);
    }
    next[name] = { shape, data: moved };
    next[`${name}.m`] = { shape, data: m };
    next[`${name}.v`] = { shape, data: v };
  }
  return next;
}
