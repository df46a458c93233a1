export const roles = ['admin', 'employee', 'standard'] as const
export type Role = (typeof roles)[number]

/** Admins and employees, who run the place. */
export const operators: readonly Role[] = ['admin', 'employee']
export const everybody: readonly Role[] = roles
export const admins: readonly Role[] = ['admin']

export function isRole(value: unknown): value is Role {
  return typeof value === 'string' && (roles as readonly string[]).includes(value)
}

export function isOperator(role: Role): boolean {
  return operators.includes(role)
}
