@order-invoice/edit-target
Feature: An invoice edited in Invoiced arrives in Customerp

  @id:property @req:35 @req:38 @req:47
  Scenario Outline: <case>
    Given a Customerp Order linked with its Invoiced Invoice
    And its <counterpart> is <before> on both sides
    When <property> is set to <after> in Invoiced
    And the sync comes to rest
    Then <counterpart> in Customerp is <arrived>
    And nothing else has changed on either side
    And one more round writes nothing

    Examples: suggested in the supplement
      | case                   | property            | counterpart             | before     | after               | arrived             |
      | number changed         | number              | number                  | SO-1       | SO-2                | SO-2                |
      | currency changed       | currency            | currency                | EUR        | nok                 | NOK                 |
      | due date moved         | due_date            | dueDate                 | 2026-04-01 | 2026-04-30          | 2026-04-30          |
      | due date cleared       | due_date            | dueDate                 | 2026-04-01 | (nothing)           | (nothing)           |
      | purchase order changed | purchase_order      | purchaseOrder           | PO-7       | PO-7/2              | PO-7/2              |
      | purchase order cleared | purchase_order      | purchaseOrder           | PO-7       | (nothing)           | (nothing)           |
      | notes in other signs   | notes               | notes                   | Call us    | Ring først på, 二階 | Ring først på, 二階 |
      | notes cleared          | notes               | notes                   | Call us    | (nothing)           | (nothing)           |
      | quantity changed       | items.1.quantity    | lines.1.quantity        | 1          | 3                   | 3                   |
      | line price changed     | items.1.unit_cost   | lines.1.unitPrice       | 120        | 18.345              | 18.345              |
      | line text changed      | items.1.description | lines.1.description     | Half a day | One day             | One day             |
      | discount given         | items.1.discounts   | lines.1.discountPercent | (nothing)  | 12.5%               | 12.5                |
      | discount changed       | items.1.discounts   | lines.1.discountPercent | 10         | 15%                 | 15                  |
      | discount taken back    | items.1.discounts   | lines.1.discountPercent | 10         | (nothing)           | (nothing)           |

  @id:date-with-due-date
  Scenario: The dates of an invoice arrive as whole days
    Given a Customerp Order linked with its Invoiced Invoice
    When these properties are set in Invoiced
      | property | value      |
      | date     | 2026-03-01 |
      | due_date | 2026-04-30 |
    And the sync comes to rest
    Then these values stand in Customerp
      | property  | value      |
      | orderDate | 2026-03-01 |
      | dueDate   | 2026-04-30 |
    And nothing else has changed on either side
    And one more round writes nothing

  @id:quantity-with-discount
  Scenario: Quantity 3 with a discount comes back as quantity and percent, not as an amount
    Given a Customerp Order linked with its Invoiced Invoice
    When these properties are set in Invoiced
      | property          | value  |
      | items.1.quantity  | 3      |
      | items.1.unit_cost | 18.345 |
      | items.1.discounts | 12.5%  |
    And the sync comes to rest
    Then these values stand in Customerp
      | property                | value  |
      | lines.1.quantity        | 3      |
      | lines.1.unitPrice       | 18.345 |
      | lines.1.discountPercent | 12.5   |
      | total                   | 48.16  |
    And total in Invoiced is 48.16
    And nothing else has changed on either side
    And one more round writes nothing

  @id:bare-amount
  Scenario: A discount given as an amount has no percent: it is reported and Customerp is left alone
    Given a Customerp Order linked with its Invoiced Invoice
    When items.1.discounts is set to 5 in Invoiced
    And the sync comes to rest
    Then lines.1.discountPercent in Customerp is (nothing)
    And items.1.discounts in Invoiced is 5
    And the sync reports unmappable on lines.1.discountPercent
    And nothing else has changed on either side
    And one more round writes nothing

  @id:line-added
  Scenario: A line added in Invoiced arrives in Customerp with its product
    Given a Customerp Order linked with its Invoiced Invoice
    When these properties are set in Invoiced
      | property             | value            |
      | items.2.catalog_item | (an Item)        |
      | items.2.description  | Cable, per metre |
      | items.2.quantity     | 2.5              |
      | items.2.unit_cost    | 4                |
    And the sync comes to rest
    Then these values stand in Customerp
      | property            | value            |
      | lines.2.description | Cable, per metre |
      | lines.2.quantity    | 2.5              |
      | lines.2.unitPrice   | 4                |
    And lines.2.productId in Customerp refers to the counterpart of its items.2.catalog_item
    And nothing else has changed on either side
    And one more round writes nothing

  @id:line-removed
  Scenario: A line removed in Invoiced goes in Customerp, and the others stay
    Given a Customerp Order with
      | property            | value   |
      | lines.1.description | First   |
      | lines.1.quantity    | 1       |
      | lines.1.unitPrice   | 10      |
      | lines.2.description | Second  |
      | lines.2.quantity    | 2       |
      | lines.2.unitPrice   | 20      |
    And it is linked with its Invoiced Invoice
    When line 1 is removed in Invoiced
    And the sync comes to rest
    Then lines.1.description in Customerp is Second
    And lines.2.description in Customerp is (nothing)
    And total in Customerp is 40
    And nothing else has changed on either side
    And one more round writes nothing

  @id:line-removed-beside-an-edit
  Scenario Outline: A line removed on one side while another is edited on the other stays removed: <case>
    Given a Customerp Order with
      | property            | value   |
      | lines.1.description | First   |
      | lines.1.quantity    | 1       |
      | lines.1.unitPrice   | 10      |
      | lines.2.description | Second  |
      | lines.2.quantity    | 2       |
      | lines.2.unitPrice   | 20      |
    And it is linked with its Invoiced Invoice
    When line 2 is removed in <remover>
    And <property> is set to 3 in <editor>
    And the sync comes to rest
    Then lines.1.quantity in Customerp is 3
    And lines.2.description in Customerp is (nothing)
    And items.1.quantity in Invoiced is 3
    And items.2.description in Invoiced is (nothing)
    And nothing else has changed on either side
    And one more round writes nothing

    Examples: both sides
      | case                 | remover   | editor    | property         |
      | removed in invoiced  | Invoiced  | Customerp | lines.1.quantity |
      | removed in customerp | Customerp | Invoiced  | items.1.quantity |

  @id:issued
  Scenario: A draft that is issued in Invoiced is confirmed
    Given a Customerp Order with
      | property | value |
      | status   | draft |
    And it is linked with its Invoiced Invoice
    When draft is set to no in Invoiced
    And the sync comes to rest
    Then status in Customerp is confirmed
    And nothing else has changed on either side
    And one more round writes nothing

  @id:voided
  Scenario: An invoice that is voided cancels its order
    Given a Customerp Order linked with its Invoiced Invoice
    When status is set to voided in Invoiced
    And the sync comes to rest
    Then status in Customerp is cancelled
    And nothing else has changed on either side
    And one more round writes nothing

  @id:paid
  Scenario: An invoice that is paid says so in Customerp
    Given a Customerp Order linked with its Invoiced Invoice
    When status is set to paid in Invoiced
    And the sync comes to rest
    Then paymentState in Customerp is paid
    And nothing else has changed on either side
    And one more round writes nothing
