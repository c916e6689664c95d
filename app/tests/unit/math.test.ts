import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import * as math from '../../src/math';

type Inputs = bigint[];
const streamOf = ([total, dripped, startTs, endTs, lastTs]: Inputs): math.Stream =>
    ({ total, dripped, startTs, endTs, lastTs }) as math.Stream;
const streamFields = (s: math.Stream) => [s.total, s.dripped, s.startTs, s.endTs, s.lastTs];
const accumulatorFields = (a: math.Accumulator) => [a.upsidePerShareX64, a.remainderX64];

/** Each function of the vectors: its inputs in the file's order, its outputs likewise. */
const FUNCTIONS: Record<string, (...i: Inputs) => bigint | bigint[] | void> = {
    mul_div_floor: math.mulDivFloor,
    mul_div_ceil: math.mulDivCeil,
    mul_div_floor_u128: math.mulDivFloor,
    stream_advance: (...i) => {
        const { stream, emitted } = math.stream.advance(streamOf(i), i[5]!, i[6]!);
        return [...streamFields(stream), emitted];
    },
    stream_add: (...i) => streamFields(math.stream.add(streamOf(i), i[5]!, i[6]!)),
    stream_pause: (...i) => streamFields(math.stream.pause(streamOf(i))),
    stream_undripped: (...i) => math.stream.undripped(streamOf(i)),
    settle: (...i) => {
        const accumulator = { upsidePerShareX64: i[5]!, remainderX64: i[6]! };
        const settled = math.settle(streamOf(i), accumulator, i[7]!, i[8]!);
        return [...streamFields(settled.stream), ...accumulatorFields(settled.accumulator), settled.emitted];
    },
    accumulator_accrue: (upsidePerShareX64, remainderX64, emit, registered) =>
        accumulatorFields(math.accrue({ upsidePerShareX64, remainderX64 } as math.Accumulator, emit!, registered!)),
    accumulator_take_back: (upsidePerShareX64, remainderX64, fraction) =>
        accumulatorFields(math.takeBack({ upsidePerShareX64, remainderX64 } as math.Accumulator, fraction!)),
    owed_x64: math.owedX64,
    payable: math.payable,
    fraction: math.fraction,
    vested: math.vested,
    denominator: math.denominator,
    payout: math.payout,
    cost: (n, price, decimals) => math.cost(n!, price!, Number(decimals)),
    allocation: math.allocation,
    backing_due: math.backingDue,
    issuer_due: math.issuerDue,
    authorise: math.authorise,
    retire_bound: math.retireBound,
    retire: math.retire,
    contribution: math.contribution,
};

function answer(name: string, inputs: Inputs): string {
    const compute = FUNCTIONS[name];
    assert.ok(compute, `the port lacks ${name}`);
    try {
        const result = compute(...inputs);
        const values = result === undefined ? [] : Array.isArray(result) ? result : [result];
        return ['>', ...values].join(' ');
    } catch (error) {
        assert.ok(error instanceof math.MathError, String(error));
        return `! ${error.reason}`;
    }
}

test('the port reproduces every committed vector of upside-math', () => {
    const text = readFileSync(new URL('../../../math/vectors.txt', import.meta.url), 'utf8');
    const used = new Set<string>();
    let count = 0;
    for (const line of text.split('\n')) {
        if (line === '' || line.startsWith('#')) continue;
        const at = line.search(/[>!]/);
        const [name = '', ...inputs] = line.slice(0, at).trim().split(' ');
        assert.equal(answer(name, inputs.map(BigInt)), line.slice(at), line);
        used.add(name);
        count += 1;
    }
    assert.ok(count >= 10_000, `${count} vectors`);
    assert.deepEqual([...used].toSorted(), Object.keys(FUNCTIONS).toSorted());
});
