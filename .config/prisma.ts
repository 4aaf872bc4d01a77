/** Where Prisma finds the schema. It never connects: the client is generated offline and migrations are applied by packages/db. */
export default {
  schema: "../prisma",
};
