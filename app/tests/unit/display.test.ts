import assert from 'node:assert/strict';
import { test } from 'node:test';
import { visible } from '../../src/display';

test('nothing in a name is hidden or turned around', () => {
    assert.equal(visible('Alice'), 'Alice');
    assert.equal(visible('a\u202Eb'), 'a\ufffdb');
    assert.equal(visible('a\u200Bb\u2066c'), 'a\ufffdb\ufffdc');
    assert.equal(visible('line\nbreak'), 'line\ufffdbreak');
    assert.equal(visible('\uD800x'), '\ufffdx');
    assert.equal(visible('  '), '(no name)');
    assert.equal(visible(''), '(no name)');
});

test('letters of every script stay as they are', () => {
    for (const name of ['Zo\u00eb', '\u5c71\u7530\u82b1\u5b50', '\u0645\u0631\u064a\u0645', '\u0928\u092e\u0938\u094d\u0924\u0947', '\ud83c\udfb5']) assert.equal(visible(name), name);
});

test('a long name is cut and piled marks are thinned', () => {
    assert.equal([...visible('x'.repeat(500))].length, 64);
    assert.equal(visible(`a${'\u0301'.repeat(50)}`), `a${'\u0301'.repeat(3)}`);
});
