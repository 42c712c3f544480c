// Reads a prisma.config file without running it.

export function readConfig() {
  throw new Error("not yet")
}
