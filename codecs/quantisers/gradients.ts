/** Losses and their gradients by jax-js, with tensors outside: what trains here is kept and compared as plain numbers. */
import { jit, numpy as np, valueAndGrad } from "@jax-js/jax";
import { startJax } from "./products.ts";
import type { Tensor, Tensors } from "./Quantiser.ts";

/** jax-js arrays by name. A function consumes what it is given: `.ref` keeps an array for another use. */
export type Arrays = Record<string, np.Array>;
/** A scalar that is to become small. */
export type Loss = (parameters: Arrays, inputs: Arrays) => np.Array;
export type LossAndGradients = (
  parameters: Tensors,
  inputs: Tensors,
) => Promise<{ readonly loss: number; readonly gradients: Tensors }>;

/** Compiled once for each shape of the inputs. */
export function lossAndGradients(loss: Loss): LossAndGradients {
  const compiled = jit(valueAndGrad(loss) as (parameters: Arrays, inputs: Arrays) => [np.Array, Arrays]);
  return async (parameters, inputs) => {
    await startJax();
    const [value, gradients] = compiled(arraysOf(parameters), arraysOf(inputs)) as [np.Array, Arrays];
    const out: Record<string, Tensor> = {};
    for (const [name, { shape }] of Object.entries(parameters))
      out[name] = { shape, data: (await (gradients[name] as np.Array).data()) as Float32Array };
    return { loss: ((await value.data()) as Float32Array)[0] as number, gradients: out };
  };
}

function arraysOf(tensors: Tensors): Arrays {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, { shape, data }]) => [
      name,
      np.array(data as Float32Array<ArrayBuffer>).reshape([...shape]),
    ]),
  );
}
