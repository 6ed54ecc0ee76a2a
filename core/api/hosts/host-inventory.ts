import { type Static, Type } from 'typebox';
import { nameSchema } from '../../schema.ts';
import { closed, timeMs } from '../parts.ts';

/** Items of one host: mounts, limits, sysctls and whatever was declared. */
export const INVENTORY_ITEMS_MAX = 2000;

const itemName = Type.String({ minLength: 1, maxLength: 255, pattern: '^[a-z]+\\.' });
const itemValue = Type.String({ maxLength: 512 });

/** What a host is beside its samples: `kernel.release`, `sysctl.vm.swappiness`, `file./etc/hosts.sha256`. */
export const inventoryItemsSchema = Type.Record(Type.String({ pattern: '^[a-z]+\\..{1,250}$' }), itemValue, {
  maxProperties: INVENTORY_ITEMS_MAX,
  additionalProperties: false,
});

const declaredPath = Type.String({ minLength: 2, maxLength: 200, pattern: '^/[^\\n]*$' });

/** What to look at beside what is looked at anyway. Files are hashed; their content never leaves the host. */
export const inventoryWishSchema = Type.Object(
  {
    packages: Type.Array(Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9+._:-]{0,127}$' }), { maxItems: 200 }),
    files: Type.Array(declaredPath, { maxItems: 200 }),
    sysctls: Type.Array(Type.String({ pattern: '^[a-z0-9_]+(\\.[A-Za-z0-9_*-]+){1,8}$' }), { maxItems: 200 }),
  },
  closed,
);

export const inventoryMessageSchema = Type.Object({ items: inventoryItemsSchema }, closed);

export const hostInventorySchema = Type.Object(
  {
    host: nameSchema,
    changedAtMs: timeMs,
    items: inventoryItemsSchema,
  },
  closed,
);

export const hostInventoryQuerySchema = Type.Object({ host: Type.Optional(nameSchema) }, closed);
export const hostInventoryAnswerSchema = Type.Object({ hosts: Type.Array(hostInventorySchema) }, closed);

export const consistencyQuerySchema = Type.Object(
  {
    host: Type.Optional(
      Type.String({ minLength: 1, maxLength: 255, description: 'Host names; `*` for any characters' }),
    ),
    node: Type.Optional(
      Type.String({ minLength: 1, maxLength: 1024, description: 'A node of the service tree: cop=shop,cluster=eu' }),
    ),
    items: Type.Optional(Type.String({ minLength: 1, maxLength: 255, description: 'Items; `*` for any characters' })),
  },
  closed,
);

export const differenceSchema = Type.Object(
  {
    item: itemName,
    expected: Type.Union([itemValue, Type.Null()], { description: 'Null: the item should not be there' }),
    from: Type.Union([Type.Literal('baseline'), Type.Literal('majority'), Type.Literal('none')], {
      description: 'none: no value has a majority, so all hosts are listed',
    }),
    baseline: Type.Union([Type.String(), Type.Null()], { description: 'Name of the baseline' }),
    agreeing: Type.Integer({ minimum: 0 }),
    hosts: Type.Array(Type.Object({ host: nameSchema, value: Type.Union([itemValue, Type.Null()]) }, closed)),
  },
  closed,
);

export const consistencyAnswerSchema = Type.Object(
  {
    hosts: Type.Array(nameSchema),
    /** Hosts of the node that have sent no inventory. */
    silent: Type.Array(nameSchema),
    items: Type.Integer({ minimum: 0 }),
    inconsistent: Type.Integer({ minimum: 0 }),
    /** `16 items, 7 inconsistent` */
    summary: Type.String(),
    differences: Type.Array(differenceSchema),
  },
  closed,
);

export type InventoryItems = Static<typeof inventoryItemsSchema>;
export type InventoryWish = Static<typeof inventoryWishSchema>;
export type InventoryMessage = Static<typeof inventoryMessageSchema>;
export type HostInventory = Static<typeof hostInventorySchema>;
export type Difference = Static<typeof differenceSchema>;
export type ConsistencyAnswer = Static<typeof consistencyAnswerSchema>;
export type ConsistencyQuery = Static<typeof consistencyQuerySchema>;
