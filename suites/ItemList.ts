/** Items as they are read: each has an id of its own, and a place. */
import { ExpectedError } from "../errors.ts";
import { type ItemData, toItem } from "./itemSchema.ts";
import type { Item } from "./Suite.ts";

export class ItemList {
  readonly items: Item[] = [];
  private readonly places = new Map<string, string>();

  /**
   * @param place the item's `file:line`
   * @throws ExpectedError `items-duplicate-id`.
   */
  add(data: ItemData, place: string): void {
    const earlier = this.places.get(data.id);
    if (earlier !== undefined) {
      throw new ExpectedError({
        code: "items-duplicate-id",
        message: `two items have the id \`${data.id}\`: ${earlier} and ${place}`,
        where: `${place} (id)`,
        hint: "give each item an id of its own",
      });
    }
    this.places.set(data.id, place);
    this.items.push(toItem(data));
  }

  /** `file:line`, or undefined for an id that no item has. */
  place(id: string): string | undefined {
    return this.places.get(id);
  }
}
