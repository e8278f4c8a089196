@product-item/properties-unspecified
Feature: The properties that a product and its item share, as far as the supplement suggests them

  Background:
    Given a Customerp Product linked with its Invoiced Item

  @id:several-from-customerp
  Scenario: Several properties saved together in Customerp arrive together
    When these properties are set in Customerp
      | property    | value               |
      | name        | Inspection          |
      | description | One day, two people |
      | category    | product             |
    And the sync comes to rest
    Then these values stand in Invoiced
      | property    | value               |
      | name        | Inspection          |
      | description | One day, two people |
      | type        | product             |
    And the sync has written 1 time to Invoiced
    And nothing else has changed on either side
    And one more round writes nothing

  @id:several-from-invoiced
  Scenario: Several properties saved together in Invoiced arrive together
    When these properties are set in Invoiced
      | property    | value               |
      | name        | Inspection          |
      | description | One day, two people |
      | type        | product             |
      | unit_cost   | 77.7                |
      | currency    | nok                 |
    And the sync comes to rest
    Then these values stand in Customerp
      | property    | value               |
      | name        | Inspection          |
      | description | One day, two people |
      | category    | product             |
      | unitPrice   | 77.7                |
      | currency    | NOK                 |
    And the sync has written 1 time to Customerp
    And nothing else has changed on either side
    And one more round writes nothing

  @id:unlisted
  Scenario: A property that is not on the list survives even a change of price
    When gl_account is set to 4400-10 in Invoiced
    And the sync comes to rest
    And unitPrice is set to 99.90 in Customerp
    And the sync comes to rest
    Then gl_account in Invoiced is 4400-10
    And unit_cost in Invoiced is 99.9
    And nothing else has changed on either side
    And one more round writes nothing
