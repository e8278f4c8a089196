@order-invoice/properties-unspecified
Feature: The properties that an order and its invoice share, as far as the supplement suggests them

  Background:
    Given a Customerp Order linked with its Invoiced Invoice

  @id:several-from-customerp
  Scenario: Several properties saved together in Customerp arrive together, with one write
    When these properties are set in Customerp
      | property            | value      |
      | number              | SO-2       |
      | orderDate           | 2026-03-01 |
      | dueDate             | 2026-04-30 |
      | purchaseOrder       | PO-8       |
      | notes               | Ring twice |
      | lines.1.description | One day    |
      | lines.1.quantity    | 3          |
    And the sync comes to rest
    Then these values stand in Invoiced
      | property            | value      |
      | number              | SO-2       |
      | date                | 2026-03-01 |
      | due_date            | 2026-04-30 |
      | purchase_order      | PO-8       |
      | notes               | Ring twice |
      | items.1.description | One day    |
      | items.1.quantity    | 3          |
    And the sync has written 1 time to Invoiced
    And nothing else has changed on either side
    And one more round writes nothing

  @id:several-from-invoiced
  Scenario: Several properties saved together in Invoiced arrive together, with one write
    When these properties are set in Invoiced
      | property            | value      |
      | number              | SO-2       |
      | date                | 2026-03-01 |
      | due_date            | 2026-04-30 |
      | purchase_order      | PO-8       |
      | notes               | Ring twice |
      | items.1.description | One day    |
      | items.1.quantity    | 3          |
    And the sync comes to rest
    Then these values stand in Customerp
      | property            | value      |
      | number              | SO-2       |
      | orderDate           | 2026-03-01 |
      | dueDate             | 2026-04-30 |
      | purchaseOrder       | PO-8       |
      | notes               | Ring twice |
      | lines.1.description | One day    |
      | lines.1.quantity    | 3          |
    And the sync has written 1 time to Customerp
    And nothing else has changed on either side
    And one more round writes nothing

  @id:unlisted
  Scenario: A property that is not on the list stays as it is
    When name is set to Spring order in Invoiced
    And the sync comes to rest
    And notes is set to Ring twice in Customerp
    And the sync comes to rest
    Then name in Invoiced is Spring order
    And notes in Invoiced is Ring twice
    And nothing else has changed on either side
    And one more round writes nothing
