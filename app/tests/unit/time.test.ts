import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatDuration, formatRelative, formatTime, parseTimeField, timeField } from '../../src/time';

test('times are UTC and say when they are no date', () => {
    assert.equal(formatTime(1_700_000_000n), '2023-11-14 22:13 UTC');
    assert.equal(formatTime((1n << 63n) - 1n), 'never');
    assert.equal(formatTime(-5n), 'unix time -5');
    assert.equal(formatTime(1n << 60n), `unix time ${1n << 60n}`);
});

test('durations have their two largest units', () => {
    assert.equal(formatDuration(0n), '0 seconds');
    assert.equal(formatDuration(90_061n), '1 day 1 hour');
    assert.equal(formatDuration(86_401n), '1 day');
    assert.equal(formatRelative(100n, 40n), 'in 1 minute');
    assert.equal(formatRelative(40n, 100n), '1 minute ago');
});

test('a time field is read back', () => {
    assert.equal(parseTimeField(timeField(1_700_000_040n)), 1_700_000_040n - (1_700_000_040n % 60n));
    assert.equal(parseTimeField(''), null);
});
