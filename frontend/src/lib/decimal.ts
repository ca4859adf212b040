// Exact decimal arithmetic for money, prices and quantities, which the API sends as strings.

const SHAPE = /^([+-]?)(\d+)(?:\.(\d+))?$/;

function pow10(digits: number): bigint {
  return 10n ** BigInt(digits);
}

export class Decimal {
  static readonly ZERO = new Decimal(0n, 0);
  readonly units: bigint;
  readonly scale: number;

  constructor(units: bigint, scale: number) {
    this.units = units;
    this.scale = scale;
  }

  /** Read a plain decimal; thousands separators and blanks are forgiven, anything else is null. */
  static parse(text: string | number | null | undefined): Decimal | null {
    if (text === null || text === undefined) return null;
    const match = SHAPE.exec(String(text).replace(/[,\s]/g, ''));
    if (!match) return null;
    const [, sign = '', whole = '0', fraction = ''] = match;
    const units = BigInt(whole + fraction);
    return new Decimal(sign === '-' ? -units : units, fraction.length);
  }

  /** The value, or zero where the server sent nothing. */
  static of(text: string | number | null | undefined): Decimal {
    return Decimal.parse(text) ?? Decimal.ZERO;
  }

  private aligned(other: Decimal): [bigint, bigint, number] {
    const scale = Math.max(this.scale, other.scale);
    return [this.units * pow10(scale - this.scale), other.units * pow10(scale - other.scale), scale];
  }

  plus(other: Decimal): Decimal {
    const [a, b, scale] = this.aligned(other);
    return new Decimal(a + b, scale);
  }

  minus(other: Decimal): Decimal {
    const [a, b, scale] = this.aligned(other);
    return new Decimal(a - b, scale);
  }

  times(other: Decimal): Decimal {
    return new Decimal(this.units * other.units, this.scale + other.scale);
  }

  compare(other: Decimal): number {
    const [a, b] = this.aligned(other);
    return a < b ? -1 : a > b ? 1 : 0;
  }

  get isZero(): boolean {
    return this.units === 0n;
  }

  get sign(): -1 | 0 | 1 {
    return this.units > 0n ? 1 : this.units < 0n ? -1 : 0;
  }

  /** Whole multiples of a step: price on tick, quantity in lots. */
  isMultipleOf(step: Decimal): boolean {
    const [a, b] = this.aligned(step);
    return b !== 0n && a % b === 0n;
  }

  /** The nearest multiple of a step at or below (-1) or at or above (1). */
  snap(step: Decimal, direction: -1 | 1): Decimal {
    const [a, b, scale] = this.aligned(step);
    if (b === 0n) return this;
    const floor = a >= 0n ? a / b : -((-a + b - 1n) / b);
    const exact = floor * b === a;
    return new Decimal((direction < 0 || exact ? floor : floor + 1n) * b, scale);
  }

  /** Round half away from zero, or cut, to a number of digits. */
  round(digits: number, how: 'half-up' | 'down' = 'half-up'): Decimal {
    if (digits >= this.scale) return new Decimal(this.units * pow10(digits - this.scale), digits);
    const unit = pow10(this.scale - digits);
    const size = this.units < 0n ? -this.units : this.units;
    const kept = size / unit + (how === 'half-up' && (size % unit) * 2n >= unit ? 1n : 0n);
    return new Decimal(this.units < 0n ? -kept : kept, digits);
  }

  /** Whole quotient, towards zero. */
  dividedDown(other: Decimal): bigint {
    const [a, b] = this.aligned(other);
    return b === 0n ? 0n : a / b;
  }

  toNumber(): number {
    return Number(this.toString());
  }

  toString(): string {
    const size = (this.units < 0n ? -this.units : this.units).toString().padStart(this.scale + 1, '0');
    const whole = size.slice(0, size.length - this.scale);
    const fraction = this.scale ? `.${size.slice(size.length - this.scale)}` : '';
    return `${this.units < 0n ? '-' : ''}${whole}${fraction}`;
  }

  /** Without needless trailing zeros, as an input field shows it. */
  toPlain(): string {
    const text = this.toString();
    return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
  }
}
