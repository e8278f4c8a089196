@order-invoice/edit-source
Feature: An order edited in Customerp arrives in Invoiced

  @id:property @req:35 @req:38 @req:47
  Scenario Outline: <case>
    Given a Customerp Order linked with its Invoiced Invoice
    And its <property> is <before> on both sides
    When <property> is set to <after> in Customerp
    And the sync comes to rest
    Then <counterpart> in Invoiced is <arrived>
    And nothing else has changed on either side
    And one more round writes nothing

    Examples: suggested in the supplement
      | case                       | property                | before     | after                  | counterpart         | arrived                |
      | number changed             | number                  | SO-1       | SO-2                   | number              | SO-2                   |
      | currency changed           | currency                | EUR        | NOK                    | currency            | nok                    |
      | order date moved           | orderDate               | 2026-03-02 | 2026-03-01             | date                | 2026-03-01             |
      | due date moved             | dueDate                 | 2026-04-01 | 2026-04-30             | due_date            | 2026-04-30             |
      | due date cleared           | dueDate                 | 2026-04-01 | (nothing)              | due_date            | (nothing)              |
      | purchase order changed     | purchaseOrder           | PO-7       | PO-7/2                 | purchase_order      | PO-7/2                 |
      | purchase order cleared     | purchaseOrder           | PO-7       | (nothing)              | purchase_order      | (nothing)              |
      | notes in other signs       | notes                   | Call us    | Ring først på, 二階    | notes               | Ring først på, 二階    |
      | notes cleared              | notes                   | Call us    | (nothing)              | notes               | (nothing)              |
      | quantity changed           | lines.1.quantity        | 1          | 3                      | items.1.quantity    | 3                      |
      | quantity in fractions      | lines.1.quantity        | 1          | 2.125                  | items.1.quantity    | 2.125                  |
      | line price changed         | lines.1.unitPrice       | 120        | 18.345                 | items.1.unit_cost   | 18.345                 |
      | line text changed          | lines.1.description     | Half a day | One day                | items.1.description | One day                |
      | discount given             | lines.1.discountPercent | (nothing)  | 12.5                   | items.1.discounts   | 12.5%                  |
      | discount changed           | lines.1.discountPercent | 10         | 15                     | items.1.discounts   | 15%                    |
      | discount taken back        | lines.1.discountPercent | 10         | (nothing)              | items.1.discounts   | (nothing)              |

  @id:quantity-with-discount
  Scenario: Quantity 3 with a discount arrives as quantity and percent, and both totals agree
    Given a Customerp Order linked with its Invoiced Invoice
    When these properties are set in Customerp
      | property                | value  |
      | lines.1.quantity        | 3      |
      | lines.1.unitPrice       | 18.345 |
      | lines.1.discountPercent | 12.5   |
    And the sync comes to rest
    Then these values stand in Invoiced
      | property          | value  |
      | items.1.quantity  | 3      |
      | items.1.unit_cost | 18.345 |
      | items.1.discounts | 12.5%  |
      | total             | 48.16  |
    And total in Customerp is 48.16
    And nothing else has changed on either side
    And one more round writes nothing

  @id:line-added
  Scenario: A line added in Customerp arrives behind the others, which keep theirs
    Given a Customerp Order linked with its Invoiced Invoice
    When these properties are set in Customerp
      | property            | value            |
      | lines.2.productId   | (a Product)      |
      | lines.2.description | Cable, per metre |
      | lines.2.quantity    | 2.5              |
      | lines.2.unitPrice   | 4                |
    And the sync comes to rest
    Then these values stand in Invoiced
      | property            | value            |
      | items.2.description | Cable, per metre |
      | items.2.quantity    | 2.5              |
      | items.2.unit_cost   | 4                |
    And items.2.catalog_item in Invoiced refers to the counterpart of its lines.2.productId
    And nothing else has changed on either side
    And one more round writes nothing

  @id:line-removed
  Scenario: A line removed in Customerp goes in Invoiced, and the others stay
    Given a Customerp Order with
      | property            | value   |
      | lines.1.description | First   |
      | lines.1.quantity    | 1       |
      | lines.1.unitPrice   | 10      |
      | lines.2.description | Second  |
      | lines.2.quantity    | 2       |
      | lines.2.unitPrice   | 20      |
    And it is linked with its Invoiced Invoice
    When line 1 is removed in Customerp
    And the sync comes to rest
    Then items.1.description in Invoiced is Second
    And items.2.description in Invoiced is (nothing)
    And total in Invoiced is 40
    And nothing else has changed on either side
    And one more round writes nothing

  @id:unlisted-on-lines
  Scenario: What people noted on an invoice line in Invoiced survives an edit of that line
    Given a Customerp Order linked with its Invoiced Invoice
    When items.1.name is set to Named by hand in Invoiced
    And the sync comes to rest
    And lines.1.quantity is set to 3 in Customerp
    And the sync comes to rest
    Then items.1.name in Invoiced is Named by hand
    And items.1.quantity in Invoiced is 3
    And nothing else has changed on either side
    And one more round writes nothing

  @id:confirmed
  Scenario: A draft that is confirmed is issued
    Given a Customerp Order with
      | property | value |
      | status   | draft |
    And it is linked with its Invoiced Invoice
    When status is set to confirmed in Customerp
    And the sync comes to rest
    Then status in Invoiced is not_sent
    And draft in Invoiced is no
    And nothing else has changed on either side
    And one more round writes nothing

  @id:cancelled
  Scenario: An order that is cancelled is voided, not deleted
    Given a Customerp Order linked with its Invoiced Invoice
    When status is set to cancelled in Customerp
    And the sync comes to rest
    Then status in Invoiced is voided
    And there is 1 Invoice in Invoiced
    And nothing else has changed on either side
    And one more round writes nothing

  @id:customer
  Scenario: A change of customer cannot travel: an invoice keeps the customer it was made for
    Given a Customerp Customer
    And a Customerp Customer
    And a Customerp Order linked with its Invoiced Invoice
    When customerId is set to (the first Customer) in Customerp
    And the sync comes to rest
    Then customer in Invoiced has not changed
    And the sync reports a deviation on customerId
    And there is 1 Invoice in Invoiced
    And nothing else has changed on either side
    And one more round writes nothing

  @id:payment-state
  Scenario: The state of payment belongs to Invoiced: an edit in Customerp is set back
    Given a Customerp Order linked with its Invoiced Invoice
    When paymentState is set to paid in Customerp
    And the sync comes to rest
    Then paymentState in Customerp is unpaid
    And the sync reports a deviation on paymentState
    And nothing else has changed on either side
    And one more round writes nothing
