// The same sentences for cucumber-js.
const assert = require('node:assert');
const { Given, When, Then } = require('@cucumber/cucumber');

Given('a stock of {int}', function (count) { this.stock = count; });
Given('these stocks', function (table) { this.stock = table.rows().reduce((sum, row) => sum + Number(row[0]), 0); });
Given('an odd thing', function () {});
Given('an odd {word}', function (what) {});
When('{int} are sold', function (count) { this.stock -= count; });
Then('{int} are left', function (count) { assert.strictEqual(this.stock, count); });
Then('in the end {int} are left', async function (count) { assert.strictEqual(this.stock, count); });
Then('all is well', function () {});
