@order-invoice/link-stable
Feature: An order and its invoice stay one pair, whatever happens to either

  @id:match-key @req:23 @req:68
  Scenario: An order that both systems know already is linked, not doubled
    Given a Customerp Customer linked with its Invoiced Customer
    And a Customerp Order with
      | property            | value     |
      | number              | SO-77     |
      | orderDate           | 2026-03-02 |
      | dueDate             | 2026-04-01 |
      | lines.1.description | Cable     |
      | lines.1.quantity    | 3         |
      | lines.1.unitPrice   | 10        |
    And an Invoiced Invoice with
      | property            | value      |
      | customer            | (its customer) |
      | number              | SO-77      |
      | currency            | (its currency) |
      | date                | 2026-03-02 |
      | due_date            | 2026-04-01 |
      | items.1.description | Cable      |
      | items.1.quantity    | 3          |
      | items.1.unit_cost   | 10         |
    When the sync comes to rest
    Then it has exactly one counterpart in Invoiced
    And there is 1 Invoice in Invoiced
    And one more round writes nothing

  @id:renumbered @req:28
  Scenario: The link survives a change of the number by which the pair was found
    Given a Customerp Order linked with its Invoiced Invoice
    When number is set to SO-9999 in Invoiced
    And the sync comes to rest
    Then it is still linked with the same Invoiced Invoice
    And number in Customerp is SO-9999
    And there is 1 Invoice in Invoiced
    And one more round writes nothing

  @id:memory-lost @req:9 @req:23 @req:29
  Scenario: A sync that has lost its memory finds the pair again
    Given a Customerp Customer with
      | property        | value |
      | address.country | NO    |
    And a Customerp Order linked with its Invoiced Invoice
    When the sync has lost its memory
    And the sync comes to rest
    Then it is still linked with the same Invoiced Invoice
    And there is 1 Invoice in Invoiced
    And nothing else has changed on either side
    And one more round writes nothing

  @id:different-properties @req:66
  Scenario: Edits of different properties on both sides both survive
    Given a Customerp Order linked with its Invoiced Invoice
    When notes is set to Ring twice in Customerp
    And purchase_order is set to PO-88 in Invoiced
    And the sync comes to rest
    Then notes in Invoiced is Ring twice
    And purchaseOrder in Customerp is PO-88
    And nothing else has changed on either side
    And one more round writes nothing

  @id:same-property-draft @req:67
  Scenario: While an order is a draft, of two edits Customerp's stands
    Given a Customerp Order with
      | property | value |
      | status   | draft |
    And it is linked with its Invoiced Invoice
    When notes is set to Theirs in Customerp
    And notes is set to Ours in Invoiced
    And the sync comes to rest
    Then notes in Customerp is Theirs
    And notes in Invoiced is Theirs
    And the sync reports a conflict on notes, won by Customerp
    And nothing else has changed on either side
    And one more round writes nothing

  @id:same-property-issued @req:67
  Scenario: Once an invoice is issued, two edits of one property wait for a person
    Given a Customerp Order linked with its Invoiced Invoice
    When notes is set to Theirs in Customerp
    And notes is set to Ours in Invoiced
    And purchaseOrder is set to PO-99 in Customerp
    And the sync comes to rest
    Then notes in Customerp is Theirs
    And notes in Invoiced is Ours
    And the sync reports a conflict on notes, won by nobody
    And purchase_order in Invoiced is PO-99
    And nothing else has changed on either side
    And one more round writes nothing
